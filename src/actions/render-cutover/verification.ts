import { parseDrillRecord } from '../../core/drill/drill-record.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Store } from '../../storage/store.ts'
import type { CutoverInputs } from './inputs.ts'
import type { CutoverSides } from './read-plan.ts'

/** Refuses a new database that no drill has passed, unless the operator gave a reason. */
export async function requireVerified(
  { drillUri, skipVerification, newId }: CutoverInputs,
  { freshDoors, fresh }: CutoverSides,
  store: Store,
): Promise<void> {
  if (drillUri === undefined) {
    store.log.warning(`No drill has judged ${newId}. The reason given: ${skipVerification}`)
    return
  }
  const prefix = store.uri('')
  if (!drillUri.startsWith(prefix)) throw unverified(`${drillUri} is not in the bucket ${store.bucket}`)
  const text = await store.getText(drillUri.slice(prefix.length))
  const { drill, restored } = parseDrillRecord(text, drillUri)
  if (drill.verdict !== 'pass') throw unverified(`the verdict of ${drill.id} is ${drill.verdict}`)
  const { host, database } = freshDoors.external
  if (restored?.host !== host || restored.database !== database)
    throw unverified(`the drill ${drill.id} judged ${restored?.host ?? 'a backup'}, not ${host}`)
  if (Date.parse(drill.startedAt) < Date.parse(fresh.createdAt))
    throw unverified(`the drill ${drill.id} is older than ${newId}`)
}

function unverified(reason: string): OperatorError {
  return new OperatorError('CUTOVER_REFUSED', `The new database is not verified: ${reason}.`, {
    hint: 'Judge it with verify-drill and restored-url, and pass its drill-uri; or give a reason in skip-verification.',
  })
}
