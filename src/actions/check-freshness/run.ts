import type { ActionResult } from '../../core/action-result.ts'
import { drillPrefix, type Location } from '../../core/backup-key.ts'
import { parseDrillRecord } from '../../core/drill-record.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Action } from '../../runner/action.ts'
import { findBackup } from '../../steps/find-backup.ts'
import { Store } from '../../storage/store.ts'
import { type Age, judgeAge, type Newest } from './age.ts'
import { readFreshnessInputs } from './inputs.ts'
import { renderFreshnessSummary, STALE_HINT } from './summary.ts'

/** Drills that are read, from the newest: so many in a row that did not pass are an answer too. */
const DRILLS_READ = 50

export const checkFreshness: Action = {
  async main(context) {
    const { location, backupMaxAgeMs, drillMaxAgeMs, ...inputs } = readFreshnessInputs(
      context.inputs,
      context.environment,
    )
    using store = new Store(inputs.store, context.log, context.signal)
    const now = new Date()
    const backup =
      backupMaxAgeMs === undefined
        ? undefined
        : judgeAge('full backup', await newestBackup(location, store), backupMaxAgeMs, now)
    const drill =
      drillMaxAgeMs === undefined
        ? undefined
        : judgeAge('passed drill', await newestPassedDrill(location, store), drillMaxAgeMs, now)
    return toResult(location.database, backup, drill)
  },
}

async function newestBackup(location: Location, store: Store): Promise<Newest | undefined> {
  try {
    const { backup } = await findBackup({ by: 'latest' }, location, store, store.log)
    return { id: backup.id, at: new Date(backup.snapshotAt) }
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'BACKUP_NOT_FOUND') return undefined
    throw error
  }
}

async function newestPassedDrill(location: Location, store: Store): Promise<Newest | undefined> {
  const keys = (await store.list(drillPrefix(location))).slice(-DRILLS_READ).toReversed()
  for (const key of keys) {
    const drill = await readDrill(key, store)
    if (drill?.verdict === 'pass') return { id: drill.id, at: new Date(drill.startedAt) }
  }
  return undefined
}

/** Undefined for a damaged record: it proves nothing. */
async function readDrill(key: string, store: Store) {
  const text = await store.getText(key)
  try {
    return parseDrillRecord(text, store.uri(key)).drill
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    store.log.warning(`${error.message} It is passed over.`)
    return undefined
  }
}

function toResult(database: string, backup: Age | undefined, drill: Age | undefined): ActionResult {
  const ages = [backup, drill].filter(age => age !== undefined)
  const problems = ages.flatMap(({ problem }) => problem ?? [])
  return {
    outputs: {
      fresh: problems.length === 0,
      'backup-id': backup?.newest?.id ?? '',
      'backup-age-seconds': seconds(backup),
      'drill-id': drill?.newest?.id ?? '',
      'drill-age-seconds': seconds(drill),
    },
    summary: renderFreshnessSummary(database, ages),
    ...(problems.length > 0 && {
      failure: new OperatorError('STALE', `${database}: ${problems.join(' ')}`, { hint: STALE_HINT }),
    }),
  }
}

function seconds(age: Age | undefined): number | '' {
  return age?.ageMs === undefined ? '' : Math.round(age.ageMs / 1000)
}
