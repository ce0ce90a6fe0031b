import { randomBytes } from 'node:crypto'
import * as d from '../core/json/decode.ts'
import { parseConnectionUrl } from '../core/pg/connection.ts'
import { renderMark } from '../core/render/allow-list.ts'
import { type AllowEntry, allowEntry } from '../core/render/resources.ts'
import { openSession } from '../postgres/session/session.ts'
import { type RenderDatabases, withTls } from '../render/databases.ts'
import type { ActionContext } from '../runner/action.ts'
import { maskSecret } from '../runner/secrets.ts'
import {
  ACCESS_PACE,
  type AccessDeps,
  type AccessRequest,
  closeAllowList,
} from '../steps/recovery/allow-runner.ts'

const STATE_NAME = 'allow-list-entry'

const savedRequest = d.object({ instanceId: d.string, entry: allowEntry })

/** What the steps need; time and the runner come from the context. */
export function createAccessDeps(
  { log }: Pick<ActionContext, 'log'>,
  databases: RenderDatabases,
  signal: AbortSignal,
): AccessDeps {
  return { databases, log, signal, now: () => new Date(), pace: ACCESS_PACE }
}

/** The entry of this step alone. It is kept in the state before it can be in the list. */
export function createEntry(
  { environment, state }: ActionContext,
  instanceId: string,
  cidrBlock: string,
  expiresAfterMs: number,
): AllowEntry {
  const { runId, runAttempt } = environment.run
  const nonce = randomBytes(4).toString('hex')
  const expiresAt = new Date(Date.now() + expiresAfterMs)
  const entry = { cidrBlock, description: renderMark({ runId, runAttempt, nonce, expiresAt }) }
  state.save(STATE_NAME, { instanceId, entry })
  return entry
}

/** What the main phase put into an allow list; undefined where it did not come to that. */
export function readSavedEntry({ state }: ActionContext): AccessRequest | undefined {
  const saved = state.read(STATE_NAME)
  return saved === undefined ? undefined : savedRequest(saved, STATE_NAME)
}

/** Removes the entry of the main phase. Does nothing where there is none. */
export async function closeSavedEntry(context: ActionContext, databases: RenderDatabases): Promise<void> {
  const request = readSavedEntry(context)
  if (request === undefined) return
  await closeAllowList(request, createAccessDeps(context, databases, context.signal))
}

/** The URL for connections from outside of Render, masked. */
export async function readExternalUrl(id: string, databases: RenderDatabases): Promise<string> {
  const { external, internal } = await databases.readConnectionUrls(id)
  for (const url of [external.reveal(), internal.reveal()]) {
    maskSecret(url)
    const { password } = parseConnectionUrl(url)
    if (password !== undefined) maskSecret(password.reveal())
  }
  const url = withTls(external.reveal())
  maskSecret(url)
  return url
}

/** Connects once; throws what a connection throws. */
export async function tryConnection(url: string, signal: AbortSignal): Promise<void> {
  await using session = await openSession(parseConnectionUrl(url), signal)
  await session.row('SELECT 1 AS one')
}
