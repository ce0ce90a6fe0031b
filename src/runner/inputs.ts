import * as core from '@actions/core'
import { errorMessage, OperatorError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import { parseDuration } from '../core/text/duration.ts'
import { maskSecret } from './secrets.ts'

/** In place of a value whose problem was noted. `finish` throws before it can reach a step. */
export class Refused {
  readonly refused = true
}
export type Read<T> = T | Refused

/** The same fields, all of them read. */
type Accepted<T> = { [Field in keyof T]: Exclude<T[Field], Refused> }

/**
 * Reads the inputs of one action. Problems are collected, so that one run reports them all; `finish` throws
 * them as one INVALID_INPUT error. An empty input counts as absent. Defaults live in action.yml, never here.
 */
export class Inputs {
  readonly #source: (name: string) => string
  /** What stands before the name in a problem. */
  readonly #label: string
  readonly #problems: string[]

  constructor(source = (name: string) => core.getInput(name), label = '', problems: string[] = []) {
    this.#source = source
    this.#label = label
    this.#problems = problems
  }

  /** Reads settings that one input lists, as if they were inputs; `label` says which of its items it is. */
  within(label: string, settings: ReadonlyMap<string, string>): Inputs {
    return new Inputs(name => settings.get(name) ?? '', `${label}, `, this.#problems)
  }

  /** A required text. */
  text(name: string): Read<string> {
    return this.parse(name, text => text)
  }

  /** An optional text; absent is undefined. */
  optional(name: string): string | undefined {
    const text = this.#source(name)
    return text === '' ? undefined : text
  }

  /** One of a closed list, spelled exactly so. */
  oneOf<T extends string>(name: string, values: readonly T[]): Read<T> {
    return this.parse(name, text => {
      const value = values.find(candidate => candidate === text)
      if (value === undefined) throw new RangeError(`expected ${values.map(v => `"${v}"`).join(', ')}`)
      return value
    })
  }

  /** `true` or `false`, as YAML 1.2 writes them. */
  flag(name: string): Read<boolean> {
    return this.parse(name, text => {
      if (text !== 'true' && text !== 'false') throw new RangeError('expected "true", "false"')
      return text === 'true'
    })
  }

  /** A duration such as 90s, 10m, 1h30m, in milliseconds. */
  durationMs(name: string): Read<number> {
    return this.parse(name, parseDuration)
  }

  /** One item a line; blank lines and lines that start with # are left out. Absent is the empty list. */
  lines(name: string): readonly string[] {
    const lines = this.#source(name)
      .split('\n')
      .map(line => line.trim())
    return lines.filter(line => line !== '' && !line.startsWith('#'))
  }

  /** One item a line, each with a grammar of its own; `parser` throws a RangeError. */
  parseLines<T>(name: string, parser: (line: string) => T): Read<readonly T[]> {
    const items = this.lines(name).map(line => this.attempt(name, () => [parser(line)], line))
    const accepted = items.flatMap(item => (item instanceof Refused ? [] : item))
    return accepted.length === items.length ? accepted : new Refused()
  }

  /** A required input with a grammar of its own: `parser` throws a RangeError that says what it expected. */
  parse<T>(name: string, parser: (text: string) => T): Read<T> {
    const text = this.#source(name)
    if (text === '') return this.problem(name, 'is required')
    return this.attempt(name, () => parser(text), text)
  }

  /** As `parse`, for an optional input. */
  parseOptional<T>(name: string, parser: (text: string) => T): Read<T | undefined> {
    const text = this.#source(name)
    return text === '' ? undefined : this.attempt(name, () => parser(text), text)
  }

  /** An optional secret: masked in the log at once, in every spelling. */
  secret(name: string): Secret | undefined {
    const text = this.#source(name)
    if (text === '') return undefined
    maskSecret(text)
    return new Secret(text)
  }

  /**
   * Runs a parser whose RangeError counts as a problem of the named input; `shown` is the value to show, if
   * any.
   */
  attempt<T>(name: string, parser: () => T, shown?: string): Read<T> {
    try {
      return parser()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const expected = errorMessage(error)
      const named = shown === undefined || expected.includes(`"${shown}"`)
      return this.problem(name, named ? expected : `got "${shown}", ${expected}`)
    }
  }

  /** What follows from several inputs, or Refused where one of them was. `build` may note problems itself. */
  combine<T extends object, U>(fields: T, build: (accepted: Accepted<T>) => U): U | Refused {
    return isAccepted(fields) ? build(fields) : new Refused()
  }

  /** Notes a rule that one input broke, alone or together with others. */
  problem(name: string, text: string): Refused {
    this.#problems.push(`${this.#label}${name}: ${text}`)
    return new Refused()
  }

  /** The inputs as read, frozen; throws INVALID_INPUT with every problem there was. */
  finish<T extends object>(fields: T): Readonly<Accepted<T>> {
    const [first, ...more] = this.#problems
    if (first === undefined && isAccepted(fields)) return Object.freeze(fields)
    const message =
      more.length === 0
        ? (first ?? 'An input was refused without a reason.')
        : `${this.#problems.length} inputs are wrong:\n- ${this.#problems.join('\n- ')}`
    throw new OperatorError('INVALID_INPUT', message, {
      hint: 'Correct the "with:" block of this step; nothing was done.',
    })
  }
}

function isAccepted<T extends object>(fields: T): fields is T & Accepted<T> {
  return !Object.values(fields).some(value => value instanceof Refused)
}
