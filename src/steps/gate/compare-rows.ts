import { parseBackupId } from '../../core/backup/backup-id.ts'
import type { Location } from '../../core/backup/bucket-layout.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import {
  comparable,
  comparedTables,
  type Drop,
  describeSizes,
  implausibleDrops,
  type Plausibility,
  type PlausibilityRules,
} from '../../core/gate/row-drops.ts'
import type { Log } from '../../core/log.ts'
import type { Store } from '../../storage/store.ts'
import { fullBackups } from '../backups/full-backups.ts'

/**
 * Compares a snapshot with the last full backup of this database that counted rows: the most common silent
 * loss is a dump of a database that was broken already. Throws GATE_IMPLAUSIBLE.
 */
export async function judgeRows(
  manifest: Manifest,
  location: Location,
  rules: PlausibilityRules,
  deps: { readonly store: Store; readonly log: Log },
): Promise<Plausibility> {
  const { log } = deps
  const previous = await findPrevious(manifest, location, deps)
  if (typeof previous === 'string') {
    log.info(`The rows were not compared with an earlier backup. ${previous}`)
    return { kind: 'not-compared', why: previous }
  }
  const sizes = describeSizes(previous, manifest)
  log.info(sizes)
  const drops = implausibleDrops(previous, manifest, rules)
  if (drops.length > 0) throw implausible(drops, previous, log)
  const tables = comparedTables(previous, manifest).length
  log.info(
    `None of ${tables} tables lost more than ${rules.maxDropPercent} % of its rows since ${previous.backup.id}.`,
  )
  return { kind: 'compared', with: previous.backup, tables, sizes }
}

/** Or one sentence that says why there is none. */
async function findPrevious(
  manifest: Manifest,
  location: Location,
  deps: { readonly store: Store; readonly log: Log },
): Promise<Manifest | string> {
  const { instant } = parseBackupId(manifest.backup.id)
  let reason = 'There is no earlier full backup of this database.'
  // An id is to the second, the snapshot to the millisecond.
  const query = { location, database: manifest.server, until: instant }
  for await (const earlier of fullBackups(query, deps)) {
    if (earlier.backup.snapshotAt >= manifest.backup.snapshotAt) continue
    const found = comparable(earlier, manifest)
    if (found === undefined && comparedTables(earlier, manifest).length > 0) return earlier
    reason = found ?? `Backup ${earlier.backup.id} has none of the tables.`
  }
  return reason
}

function implausible(drops: readonly Drop[], previous: Manifest, log: Log): OperatorError {
  for (const drop of drops) log.info(`  ${drop.text}`)
  const more = drops.length > 3 ? `, and ${drops.length - 3} more` : ''
  const first = drops.slice(0, 3).map(({ text }) => text)
  return new OperatorError(
    'GATE_IMPLAUSIBLE',
    `Since ${previous.backup.id} (${previous.backup.snapshotAt}): ${first.join('; ')}${more}.`,
    {
      hint: `If data was lost, restore ${previous.backup.id}. If this was meant, name the tables in expected-drops.`,
    },
  )
}
