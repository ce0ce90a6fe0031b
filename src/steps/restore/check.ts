import type { Manifest } from '../../core/backup/manifest.ts'
import type { Check } from '../../core/checks/check.ts'
import { exactChecks, type RestoredContent } from '../../core/checks/compare-manifest.ts'
import { downgradeKnownFindings } from '../../core/drill/drill-checks.ts'
import type { Log } from '../../core/log.ts'
import { excuseLeftOut } from '../../core/passes/excuses.ts'
import type { LeftOut } from '../../core/passes/pass.ts'
import { narrowFound, narrowManifest, type RestoreScope } from '../../core/restore/restore-scope.ts'
import type { RestoreResult } from './result.ts'

/** Reads a restored database. */
export interface CheckDeps {
  readonly analyze: (database: string) => Promise<void>
  readonly readContent: (database: string, original: Manifest['fingerprint']) => Promise<RestoredContent>
  readonly readStructure: (database: string) => Promise<readonly Check[]>
  readonly now: () => Date
  readonly log: Log
}

interface CheckRequest {
  readonly manifest: Manifest
  readonly scope: RestoreScope
  /** The database that was restored. */
  readonly name: string
  readonly unrestored: readonly LeftOut[]
}

/** Updates the statistics, then compares everything with the manifest. */
export async function checkRestored(
  request: CheckRequest,
  deps: CheckDeps,
): Promise<Pick<RestoreResult, 'checks' | 'checksMs'>> {
  const { manifest, name } = request
  const startedAt = deps.now().getTime()
  await deps.analyze(name)
  const found = await deps.readContent(name, manifest.fingerprint)
  const exact = compareContent(request, found)
  const checks = [...exact, ...downgradeKnownFindings(await structureChecks(request, deps), exact, manifest)]
  logChecks(checks, deps.log)
  return { checks, checksMs: deps.now().getTime() - startedAt }
}

/** Compares what was restored with the manifest. */
export function compareContent(
  { manifest, scope, unrestored }: Omit<CheckRequest, 'name'>,
  found: RestoredContent,
): readonly Check[] {
  return excuseLeftOut(exactChecks(narrowManifest(manifest, scope), narrowFound(found, scope)), unrestored)
}

/**
 * Only for a full restore: with some tables, foreign keys are left out and sequences stand at their start.
 */
export async function structureChecks(
  { scope, name }: Pick<CheckRequest, 'scope' | 'name'>,
  { readStructure }: Pick<CheckDeps, 'readStructure'>,
): Promise<readonly Check[]> {
  return scope.of === 'everything' ? await readStructure(name) : []
}

export function logChecks(checks: readonly Check[], log: Log): void {
  for (const { verdict, name, expected, found } of checks)
    if (verdict === 'fail') log.info(`✗ ${name}: expected ${expected}, found ${found}`)
  log.info(`${checks.filter(check => check.verdict === 'pass').length} of ${checks.length} checks pass.`)
}

/** The first of some failed checks, and how many there are besides. */
export function renderFirst([first, ...others]: readonly Check[]): string {
  const more = others.length > 0 ? `, and ${others.length} more` : ''
  return `${first?.name}: expected ${first?.expected}, found ${first?.found}${more}`
}
