import { processTree, type SeenProcess } from './process-tree.ts'

const INTERVAL_MS = 50

/** Programs whose memory is not the action's. */
const FOREIGN = new Set(['pg_dump', 'pg_restore', 'psql', 'postgres'])

/**
 * Watches what an action takes: memory of its process tree without the Postgres programs, and its own CPU
 * time.
 */
export class MemoryWatch {
  #peakBytes = 0
  #cpuSeconds = 0
  readonly #timer: NodeJS.Timeout

  constructor(pid: number) {
    this.#timer = setInterval(() => this.#sample(processTree(pid)), INTERVAL_MS)
  }

  /** The largest sum seen so far; shared pages count once for each process. */
  get peakBytes(): number {
    return this.#peakBytes
  }

  /** CPU time of the action's own process at the last look. */
  get cpuSeconds(): number {
    return this.#cpuSeconds
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sample(tree: readonly SeenProcess[]): void {
    const [action] = tree
    const own = tree.filter(seen => seen === action || !(isForeign(seen) || isCopy(seen, action)))
    const bytes = own.reduce((sum, { rssBytes }) => sum + rssBytes, 0)
    this.#cpuSeconds = Math.max(this.#cpuSeconds, action?.cpuSeconds ?? 0)
    this.#peakBytes = Math.max(this.#peakBytes, bytes)
  }
}

/** A server process calls itself `postgres: user database …` as soon as it works. */
function isForeign({ program }: SeenProcess): boolean {
  return FOREIGN.has(program) || program.startsWith('postgres:')
}

/** A child that has not become its program yet shares its parent's memory, and counts as little. */
function isCopy(seen: SeenProcess, action: SeenProcess | undefined): boolean {
  return seen.args.join('\0') === action?.args.join('\0')
}
