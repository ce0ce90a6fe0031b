import type { Log } from '../../../src/core/log.ts'
import { Secret } from '../../../src/core/secret.ts'
import { type Pace, RenderClient } from '../../../src/render/client.ts'
import { RenderDatabases } from '../../../src/render/databases.ts'
import { RenderServices } from '../../../src/render/services.ts'
import { RENDER_KEY } from './fake-render.ts'

/** Pauses of a test, in place of those of production. */
export const QUICK: Partial<Pace> = { firstDelayMs: 5, longestDelayMs: 20, patienceMs: 3000 }

/** Our client of a fake, and what it logged. */
export function openApi(fake: { readonly url: string }, pace: Partial<Pace> = QUICK) {
  const lines: string[] = []
  const info = (line: string) => void lines.push(line)
  const log: Log = { info, debug: info, warning: info, group: (_, work) => work() }
  const { signal } = new AbortController()
  const client = new RenderClient({ apiUrl: fake.url, key: new Secret(RENDER_KEY) }, log, signal, pace)
  return {
    client,
    lines,
    log,
    signal,
    databases: new RenderDatabases(client),
    services: new RenderServices(client),
  }
}
