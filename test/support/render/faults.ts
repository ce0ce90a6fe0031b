/** What happens to a request instead of, or after, its effect. */
export type Fault =
  /** It is carried out, and its answer never comes. */
  | { readonly kind: 'lost' }
  /** It is not carried out, and the connection ends. */
  | { readonly kind: 'dropped' }
  /** It is not carried out; this comes back. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }

interface Armed {
  readonly method: string
  readonly path: RegExp
  readonly fault: Fault
  times: number
}

/** Faults that wait for the requests that they are for. */
export class Faults {
  readonly #armed: Armed[] = []

  /** The next `times` requests that match meet this fault. */
  arm(method: string, path: RegExp, fault: Fault, times = 1): void {
    this.#armed.push({ method, path, fault, times })
  }

  take(method: string, path: string): Fault | undefined {
    const armed = this.#armed.find(
      candidate => candidate.times > 0 && candidate.method === method && candidate.path.test(path),
    )
    if (armed === undefined) return undefined
    armed.times -= 1
    return armed.fault
  }
}
