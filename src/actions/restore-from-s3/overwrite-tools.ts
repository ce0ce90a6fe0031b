import { OperatorError } from '../../core/errors.ts'
import { compareVersions, fromVersionNumber, renderVersion } from '../../core/pg/version.ts'
import type { TargetFacts } from '../../core/restore/target-facts.ts'
import { EVERYTHING } from '../../postgres/catalog/tables.ts'
import { openSource } from '../../postgres/source/source.ts'
import type { ActionContext } from '../../runner/action.ts'
import { requireTool } from '../../wiring/require-tool.ts'
import type { RestoreRun } from './restore-run.ts'

/**
 * Overwriting takes psql for its transaction, pg_dump for the safety backup, and the right to read everything
 * that goes into that. Missing ones are reported before writers have to wait. Throws TOOL_MISSING,
 * DATABASE_PRIVILEGES.
 */
export async function requireOverwriteTools(
  context: ActionContext,
  { inputs, target, pgRestore, signal }: RestoreRun,
  { versionNumber }: TargetFacts,
): Promise<void> {
  const psql = await requireTool(context, 'psql', pgRestore.version.major)
  // It has to know what pg_restore writes: \restrict came with a minor version (CVE-2025-8714).
  if (compareVersions(psql.version, pgRestore.version) < 0)
    throw new OperatorError(
      'TOOL_TOO_OLD',
      `Nothing was changed. psql ${renderVersion(psql.version)} is older than pg_restore ${renderVersion(pgRestore.version)}, whose script it has to run.`,
      { hint: 'Run setup-pg18 before this step: it installs both in one version.' },
    )
  if (inputs.skipSafetyBackup !== undefined) return
  await requireTool(context, 'pg_dump', fromVersionNumber(versionNumber).major)
  await using source = await openSource(target, signal)
  await source.refuseObstacles(EVERYTHING)
}
