import * as core from '@actions/core'
import { errorMessage, OperatorError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import { parseDuration } from '../core/text/duration.ts'
import { maskSecret } from './secrets.ts'

/**
 * Reads the inputs of one action. Problems are collected, so that one run tells all of them; `finish` throws
 * them as one INVALID_INPUT error. An empty input counts as absent. Defaults live in action.yml, never here.
 */
export class Inputs {
  readonly #problems: string[] = []

  /** A required text. */
  text(name: string): string {
    return this.parse(name, text => text)
  }

  /** An optional text; absent is undefined. */
  optional(name: string): string | undefined {
    const text = core.getInput(name)
    return text === '' ? undefined : text
  }

  /** One of a closed list, spelled exactly so. */
  oneOf<T extends string>(name: string, values: readonly T[]): T {
    return this.parse(name, text => {
      const value = values.find(candidate => candidate === text)
      if (value === undefined) throw new RangeError(`expected ${values.map(v => `"${v}"`).join(', ')}`)
      return value
    })
  }

  /** `true` or `false`, as YAML 1.2 writes them. */
  flag(name: string): boolean {
    return this.oneOf(name, ['true', 'false']) === 'true'
  }

  /** A duration such as 90s, 10m, 1h30m, in milliseconds. */
  durationMs(name: string): number {
    return this.parse(name, parseDuration)
  }

  /** One item a line; blank lines and lines that start with # are left out. Absent is the empty list. */
  lines(name: string): readonly string[] {
    const lines = core.getMultilineInput(name).map(line => line.trim())
    return lines.filter(line => line !== '' && !line.startsWith('#'))
  }

  /** A required input with a grammar of its own: `parser` throws a RangeError that says what it expected. */
  parse<T>(name: string, parser: (text: string) => T): T {
    const text = core.getInput(name)
    if (text === '') return this.#refuse(name, 'is required')
    return this.attempt(name, () => parser(text), text)
  }

  /** As `parse`, for an optional input. */
  parseOptional<T>(name: string, parser: (text: string) => T): T | undefined {
    const text = core.getInput(name)
    return text === '' ? undefined : this.attempt(name, () => parser(text), text)
  }

  /** An optional secret: masked in the log at once, in every spelling. */
  secret(name: string): Secret | undefined {
    const text = core.getInput(name)
    if (text === '') return undefined
    maskSecret(text)
    return new Secret(text)
  }

  /**
   * Runs a parser whose RangeError counts as a problem of the named input; `shown` is the value to show, if
   * any.
   */
  attempt<T>(name: string, parser: () => T, shown?: string): T {
    try {
      return parser()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const expected = errorMessage(error)
      const named = shown === undefined || expected.includes(`"${shown}"`)
      return this.#refuse(name, named ? expected : `got "${shown}", ${expected}`)
    }
  }

  /** A rule that concerns more than one input. */
  problem(name: string, text: string): void {
    this.#problems.push(`${name}: ${text}`)
  }

  /** The inputs as read, frozen; throws INVALID_INPUT with every problem there was. */
  finish<T extends object>(inputs: T): Readonly<T> {
    if (this.#problems.length === 0) return Object.freeze(inputs)
    const [first = '', ...more] = this.#problems
    const message =
      more.length === 0
        ? first
        : `${this.#problems.length} inputs are wrong:\n- ${this.#problems.join('\n- ')}`
    throw new OperatorError('INVALID_INPUT', message, {
      hint: 'Correct the "with:" block of this step; nothing was done.',
    })
  }

  /** A placeholder: finish() throws before the inputs are used. */
  #refuse<T>(name: string, text: string): T {
    this.problem(name, text)
    return undefined as T
  }
}
