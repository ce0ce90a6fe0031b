import type { ActionResult } from '../../core/action-result.ts'
import type { BackupKind } from '../../core/backup/backup-id.ts'
import { drillPrefix, type Location } from '../../core/backup/bucket-layout.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { parseDrillRecord } from '../../core/drill/drill-record.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Action } from '../../runner/action.ts'
import { findBackup } from '../../steps/backups/find-backup.ts'
import { Store } from '../../storage/store.ts'
import { isDenied } from '../../storage/store-error.ts'
import { type Age, judgeAge, type Newest } from './age.ts'
import { readFreshnessInputs } from './inputs.ts'
import { renderFreshnessSummary, STALE_HINT } from './summary.ts'

/** Drills that are read, from the newest: so many in a row that did not pass are an answer too. */
const DRILLS_READ = 50

/** Undefined: every full backup counts. */
type Kinds = readonly BackupKind[] | undefined

export const checkFreshness: Action = {
  async main(context) {
    const { location, kinds, backupMaxAgeMs, drillMaxAgeMs, ...inputs } = readFreshnessInputs(
      context.inputs,
      context.environment,
    )
    using store = new Store(inputs.store, context.log, context.signal)
    const now = new Date()
    const backup =
      backupMaxAgeMs === undefined
        ? undefined
        : await judgeBackup(await newestBackup(location, kinds, store), kinds, backupMaxAgeMs, now, store)
    const drill =
      drillMaxAgeMs === undefined
        ? undefined
        : judgeAge('passed drill', await newestPassedDrill(location, store), drillMaxAgeMs, now)
    return toResult(location.database, backup, drill)
  },
}

async function newestBackup(location: Location, kinds: Kinds, store: Store): Promise<Manifest | undefined> {
  try {
    return await findBackup({ by: 'latest', ...(kinds && { kinds }) }, location, store, store.log)
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'BACKUP_NOT_FOUND') return undefined
    throw error
  }
}

/** A young backup is fresh only while its archive is there. */
async function judgeBackup(
  manifest: Manifest | undefined,
  kinds: Kinds,
  maxAgeMs: number,
  now: Date,
  store: Store,
): Promise<Age> {
  const what = kinds === undefined ? 'full backup' : `${kinds.join(' or ')} backup`
  if (manifest === undefined) return judgeAge(what, undefined, maxAgeMs, now)
  const { id, snapshotAt } = manifest.backup
  const age = judgeAge(what, { id, at: new Date(snapshotAt) }, maxAgeMs, now)
  const problems = [age.problem, await archiveProblem(manifest, what, store)].filter(
    text => text !== undefined,
  )
  return { ...age, problem: problems.length === 0 ? undefined : problems.join(' ') }
}

/** Undefined where it is there, as large as it was; also, and said so, where these credentials may not look. */
async function archiveProblem(
  { backup, object }: Manifest,
  what: string,
  store: Store,
): Promise<string | undefined> {
  const archive = `archive of the newest ${what}, ${store.uri(object.key)}`
  try {
    const found = await store.head(object.key)
    if (found === undefined)
      return `The ${archive} is gone, and ${backup.id} with it: find out who or what removed it.`
    if (found.bytes === object.bytes) return undefined
    return `The ${archive} has ${found.bytes} bytes instead of ${object.bytes}: find out who or what replaced it.`
  } catch (error) {
    if (!isDenied(error)) throw error
    store.log.warning(
      `Whether the ${archive} is still there was not checked: these credentials may not look (s3:GetObject on archives/).`,
    )
    return undefined
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
