import { errorMessage } from '../errors.ts'

/** Something wrong in a criteria document, and where: the path to a value, or to the key that leads to it. */
export interface CriteriaProblem {
  readonly path: readonly (string | number)[]
  readonly at: 'key' | 'value'
  readonly message: string
}

/** The keys of one mapping of the document; what is wrong is collected with its path. */
export class CriterionFields {
  readonly isMapping: boolean
  readonly #path: CriteriaProblem['path']
  readonly #entries: ReadonlyMap<string, unknown>
  readonly #problems: CriteriaProblem[]

  constructor(
    value: unknown,
    path: CriteriaProblem['path'],
    problems: CriteriaProblem[],
    expected = 'a check: a mapping with a name',
  ) {
    this.#path = path
    this.#problems = problems
    this.isMapping = value !== null && typeof value === 'object' && !Array.isArray(value)
    this.#entries = new Map(this.isMapping ? Object.entries(value ?? {}) : [])
    if (!this.isMapping) this.refuseAll(`expected ${expected}, found ${shown(value)}`)
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** Undefined where the key is missing; with `expected` that is a problem. */
  value(key: string, expected?: string): unknown {
    if (!this.has(key) && expected !== undefined && this.isMapping)
      this.refuseAll(`${key} is missing: expected ${expected}`)
    return this.#entries.get(key)
  }

  /** A required text, read by a parser that throws a RangeError. */
  parse<T>(key: string, expected: string, parser: (text: string) => T): T | undefined {
    const value = this.value(key, expected)
    if (!this.has(key)) return undefined
    if (typeof value !== 'string') {
      this.refuse(key, `expected ${expected}, found ${shown(value)}`)
      return undefined
    }
    try {
      return parser(value)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.refuse(key, `${errorMessage(error)}; expected ${expected}`)
      return undefined
    }
  }

  refuseOthers(accepted: readonly string[], subject = 'this mapping'): void {
    for (const key of this.#entries.keys())
      if (!accepted.includes(key))
        this.refuse(key, `unknown key "${key}"; ${subject} accepts ${accepted.join(', ')}`, 'key')
  }

  refuse(key: string, message: string, at: 'key' | 'value' = 'value'): void {
    this.#problems.push({ path: [...this.#path, key], at, message })
  }

  refuseAll(message: string): void {
    this.#problems.push({ path: this.#path, at: 'value', message })
  }
}

/** A value as a problem shows it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a mapping' : `"${String(value).slice(0, 60)}"`
}
