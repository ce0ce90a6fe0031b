import type { ActionResult } from '../../core/action-result.ts'
import type { BackupKind } from '../../core/backup/backup-id.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Action } from '../../runner/action.ts'
import { Store } from '../../storage/store.ts'
import { type Age, judgeAge } from './age.ts'
import { readFreshnessInputs } from './inputs.ts'
import { findArchiveProblem, findNewestBackup, findNewestPassedDrill } from './newest.ts'
import { renderFreshnessSummary, STALE_HINT } from './summary.ts'

export const checkFreshness: Action = {
  async main(context) {
    const { location, kinds, backupMaxAgeMs, drillMaxAgeMs, ...inputs } = readFreshnessInputs(
      context.inputs,
      context.environment,
    )
    using store = new Store(inputs.store, context.log, context.signal)
    const now = new Date()
    // Side by side; what is wrong with the backups is said first.
    const drilling = drillMaxAgeMs === undefined ? undefined : findNewestPassedDrill(location, store)
    drilling?.catch(() => {})
    const backup =
      backupMaxAgeMs === undefined
        ? undefined
        : await judgeBackup(
            await findNewestBackup(location, kinds, store),
            { kinds, maxAgeMs: backupMaxAgeMs, now },
            store,
          )
    const drill =
      drillMaxAgeMs === undefined ? undefined : judgeAge('passed drill', await drilling, drillMaxAgeMs, now)
    return toResult(location.database, backup, drill)
  },
}

interface BackupRule {
  /** Undefined: every full backup counts. */
  readonly kinds: readonly BackupKind[] | undefined
  readonly maxAgeMs: number
  readonly now: Date
}

/** A young backup is fresh only while its archive exists. */
async function judgeBackup(
  manifest: Manifest | undefined,
  { kinds, maxAgeMs, now }: BackupRule,
  store: Store,
): Promise<Age> {
  const what = kinds === undefined ? 'full backup' : `${kinds.join(' or ')} backup`
  if (manifest === undefined) return judgeAge(what, undefined, maxAgeMs, now)
  const { id, snapshotAt } = manifest.backup
  const age = judgeAge(what, { id, at: new Date(snapshotAt) }, maxAgeMs, now)
  const archiveProblem = await findArchiveProblem(manifest, what, store)
  const problems = [age.problem, archiveProblem].filter(text => text !== undefined)
  return { ...age, problem: problems.length === 0 ? undefined : problems.join(' ') }
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
