import type { Readable } from 'node:stream'
import { parseCommandLine, type RunnerCommand } from './command-line.ts'
import { Masks } from './masks.ts'

export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice'
  readonly title: string
  readonly message: string
}

/** GitHub cuts longer messages (actions/runner ExecutionContext.cs). */
const MESSAGE_LIMIT = 4096

/**
 * Reads both output streams of an action as the runner does: obeys commands wherever they come from, and
 * keeps what would be in the log of the job, masked from the moment a secret is known.
 */
export class OutputReader {
  readonly masks = new Masks()
  readonly annotations: Annotation[] = []
  /** Outputs set by the older command; still obeyed by the runner. */
  readonly outputs: Record<string, string> = {}
  readonly state: Record<string, string> = {}
  readonly #debug: boolean
  readonly #lines: string[] = []
  readonly #rawLines: string[] = []
  readonly #listeners = new Set<() => void>()
  #resumeToken: string | undefined

  constructor(debug: boolean) {
    this.#debug = debug
  }

  /** The log of the step as GitHub shows it. */
  get log(): string {
    return this.#lines.join('\n')
  }

  /** Every line that was printed, on either stream, before masking. */
  get rawLog(): string {
    return this.#rawLines.join('\n')
  }

  /** Lines end as .NET's StreamReader ends them: at \n, \r or both. */
  async read(stream: Readable): Promise<void> {
    let rest = ''
    for await (const chunk of stream.setEncoding('utf8')) {
      const lines = `${rest}${chunk}`.split(/\r\n|\n|\r(?=.)/s)
      rest = lines.pop() ?? ''
      for (const line of lines) this.#process(line)
    }
    if (rest !== '') this.#process(rest.replace(/\r$/, ''))
  }

  /** Resolves when the masked log matches; the caller gives up through the signal. */
  async waitFor(pattern: RegExp, signal: AbortSignal): Promise<void> {
    while (!pattern.test(this.log)) {
      signal.throwIfAborted()
      await new Promise<void>(resolve => {
        const wake = () => {
          this.#listeners.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        this.#listeners.add(wake)
        signal.addEventListener('abort', wake)
      })
    }
  }

  #process(line: string): void {
    this.#rawLines.push(line)
    if (this.#resumeToken === undefined) this.#processLive(line)
    else if (line.trim() === `::${this.#resumeToken}::`) this.#resumeToken = undefined
    else this.#write(line)
    for (const listener of [...this.#listeners]) listener()
  }

  #processLive(line: string): void {
    const command = parseCommandLine(line)
    if (command === undefined || !this.#obey(command)) this.#write(line)
  }

  /** False where the line is to be shown as text. */
  #obey(command: RunnerCommand): boolean {
    const { name, data } = command
    if (name === 'stop-commands') this.#resumeToken = data
    else if (name === 'add-mask') this.masks.add(data)
    else if (name === 'error' || name === 'warning' || name === 'notice') this.#annotate(name, command)
    else if (name === 'group' || name === 'endgroup') this.#write(`##[${name}]${data}`)
    else if (name === 'debug') this.#debug && this.#write(`##[debug]${data}`)
    else if (name === 'set-output') this.outputs[command.properties.name ?? ''] = data
    else if (name === 'save-state') this.state[command.properties.name ?? ''] = data
    else return false
    return true
  }

  #annotate(level: Annotation['level'], { properties, data }: RunnerCommand): void {
    const message = this.masks.apply(data).slice(0, MESSAGE_LIMIT)
    this.annotations.push({ level, title: this.masks.apply(properties.title ?? ''), message })
    this.#write(`##[${level}]${data}`)
  }

  #write(text: string): void {
    this.#lines.push(this.masks.apply(text))
  }
}
