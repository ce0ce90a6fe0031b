import { errorMessage, OperatorError } from '../core/errors.ts'
import * as d from '../core/json/decode.ts'
import { parseConnectionUrl } from '../core/pg/connection.ts'
import type { RecoveredInstance } from '../core/render/ownership.ts'
import { areInSameDatabase } from '../postgres/catalog/same-database.ts'
import { openSession } from '../postgres/session/session.ts'
import type { RenderDatabases } from '../render/databases.ts'
import type { ActionContext } from '../runner/action.ts'
import { RECOVER_PACE, type RecoverDeps } from '../steps/recovery/recover.ts'

const STATE_NAME = 'recovery'

const savedRecovery = d.object({
  sourceId: d.string,
  name: d.string,
  requestedAt: d.string,
  id: d.nullable(d.string),
})

export function createRecoverDeps(
  { log, state }: ActionContext,
  databases: RenderDatabases,
  signal: AbortSignal,
): RecoverDeps {
  return {
    databases,
    log,
    signal,
    now: () => new Date(),
    pace: RECOVER_PACE,
    remember: ({ sourceId, name, requestedAt }, id) =>
      state.save(STATE_NAME, { sourceId, name, requestedAt: requestedAt.toISOString(), id: id ?? null }),
  }
}

/** What the main phase asked for; undefined where it did not come to that. */
export function readSavedRecovery({
  state,
}: ActionContext): { readonly ours: RecoveredInstance; readonly id: string | undefined } | undefined {
  const saved = state.read(STATE_NAME)
  if (saved === undefined) return undefined
  const { sourceId, name, requestedAt, id } = savedRecovery(saved, STATE_NAME)
  return { ours: { sourceId, name, requestedAt: new Date(requestedAt) }, id: id ?? undefined }
}

/**
 * Proves that the new URL leads to another database than the source. Where the source does not answer, which
 * may be why it is recovered, only the hosts are compared.
 */
export async function proveDifferent(
  newUrl: string,
  sourceUrl: string,
  { log }: Pick<ActionContext, 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const [fresh, source] = [parseConnectionUrl(newUrl), parseConnectionUrl(sourceUrl)]
  if (fresh.host === source.host) throw notDifferent(`both URLs have the host ${fresh.host}`)
  await using first = await openSession(fresh, signal)
  try {
    await using second = await openSession({ ...source, connectTimeoutSeconds: 10 }, signal)
    if (await areInSameDatabase(first, second)) throw notDifferent('a lock in the one is seen in the other')
    log.info('The new instance answers, and a lock in it is not seen in the source: it is another database.')
  } catch (error) {
    if (!(error instanceof OperatorError) || error.code === 'RECOVERY_FAILED') throw error
    log.info(
      `The new instance answers at another host than the source, which could not be asked itself: ${errorMessage(error)}`,
    )
  }
}

function notDifferent(reason: string): OperatorError {
  return new OperatorError('RECOVERY_FAILED', `The new instance is the source itself: ${reason}.`, {
    hint: 'Do nothing with it, and look at both instances in the dashboard of Render.',
  })
}
