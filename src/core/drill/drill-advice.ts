import { type Check, gapsOf } from '../checks/check.ts'
import type { DrillRecord } from './drill-record.ts'

/**
 * What to do next after a drill that did not pass, the most urgent first: sentences that go by the kind of
 * failure. Empty after one that passed.
 */
export function adviseAfterDrill({ drill, backup, checks }: DrillRecord): readonly string[] {
  if (drill.verdict === 'pass') return []
  const failed = (group: Check['group'], name?: RegExp) =>
    checks.some(
      check => check.group === group && check.verdict === 'fail' && (name?.test(check.name) ?? true),
    )
  const advice: string[] = []
  const isDamaged = failed('restore', /^archive$/)
  const isStuck = failed('restore', /^restore$/)
  const isBroken = isDamaged || isStuck
  const isDifferent = failed('exact')
  if (isBroken || isDifferent) {
    advice.push(
      adviseOnBackup(isDamaged, isStuck),
      `Find the newest backup that is whole: run verify-drill with "backup: latest-before:${wholeSecond(backup.snapshotAt)}".`,
      'Keep retention from removing older backups until one passes.',
    )
  }
  if (failed('restore', /^age/))
    advice.push('Find out why no newer backup was made: look at the last runs of the backup workflow.')
  if (failed('criteria') && !isBroken) advice.push(adviseOnCriteria(checks, isDifferent))
  if (failed('structure')) advice.push(...adviseOnStructure(checks))
  if (failed('amcheck'))
    advice.push(
      'Compare operating system, collation versions (pg_collation_actual_version) and the functions in indexes of source and scratch server; run pg_amcheck on the source too.',
    )
  if (failed('smoke'))
    advice.push(
      'Read the output of the smoke command in the log of this step; run it by hand against a restored copy before you change it.',
    )
  return advice.length > 0 ? advice : adviseOnMeasuring(checks)
}

/** Only damage is proof that a backup is lost. */
function adviseOnBackup(isDamaged: boolean, isStuck: boolean): string {
  if (isDamaged)
    return 'Take this backup for lost: its archive is damaged. Make a new one now (dump-to-s3) and drill that.'
  return isStuck
    ? 'Mend in the source what keeps this backup from being restored (the check "restore" names it), make a new one (dump-to-s3) and drill that. The rows of this one can be had in steps: pg_restore --section=pre-data, data, post-data.'
    : 'Do not rely on this backup: what it restores is not what the snapshot held. Make a new one now (dump-to-s3) and drill that.'
}

/** When the copy is exact, the backup did its work, and production is what misses its own criteria. */
function adviseOnCriteria(checks: readonly Check[], isDifferent: boolean): string {
  const isExact = !isDifferent && checks.some(({ group, verdict }) => group === 'exact' && verdict === 'pass')
  return isExact
    ? 'The restored data is exactly what the snapshot held, so the backup is not at fault: look at production for what the criteria miss, or bring the criteria up to date.'
    : 'Compare the criteria that failed with production: either data is missing from the backup, or the criteria are out of date.'
}

function adviseOnStructure(checks: readonly Check[]): readonly string[] {
  const failures = checks.filter(({ group, verdict }) => group === 'structure' && verdict === 'fail')
  const has = (pattern: RegExp) => failures.some(({ name }) => pattern.test(name))
  const rest = failures.some(({ name }) => !/^(extension|sequence|generated column) /.test(name))
  return [
    ...(has(/^extension /)
      ? [
          'Install the missing extensions on the server that a recovery would go to, and on the scratch server.',
        ]
      : []),
    ...(has(/^sequence /)
      ? [
          'Set the sequences that are behind, in production too if they are behind there: its next inserts fail.',
        ]
      : []),
    ...(has(/^generated column /)
      ? [
          'Give the functions of these generated columns a search_path in the source (ALTER FUNCTION … SET search_path), then take a new backup.',
        ]
      : []),
    ...(rest
      ? ['Compare the schema of the source with the restored one: parts of it did not come back.']
      : []),
  ]
}

function adviseOnMeasuring(checks: readonly Check[]): readonly string[] {
  const restore = checks.find(
    ({ group, name, verdict }) => group === 'restore' && name === 'restore' && verdict === 'not-measured',
  )
  if (restore !== undefined) return [restore.note ?? 'Run the drill again.']
  const gaps = gapsOf(checks)
  const withoutAmcheck = gaps.some(({ group }) => group === 'amcheck')
  if (gaps.length > 0)
    return [
      ...(withoutAmcheck
        ? [
            'Let the role of scratch-url create the extension amcheck, or drill without scratch-url; amcheck: false leaves it out.',
          ]
        : []),
      ...(gaps.length > 1 || !withoutAmcheck
        ? ['Make every criterion measurable, or take it out: one that was not measured proves nothing.']
        : []),
    ]
  return [
    'Give the drill something to compare with: take backups with "fingerprint: counts" (or content), or write a criteria file (docs/drill-criteria.md).',
  ]
}

/**
 * Ids of backups are to the second: a fraction more, and the backup itself would be the newest before this
 * instant.
 */
function wholeSecond(instant: string): string {
  return new Date(instant).toISOString().replace(/\.\d+/, '')
}
