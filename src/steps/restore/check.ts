import type { Manifest } from '../../core/backup/manifest.ts'
import type { Check } from '../../core/checks/check.ts'
import { exactChecks, type RestoredContent } from '../../core/checks/compare-manifest.ts'
import { asInSource } from '../../core/drill/drill-checks.ts'
import type { Log } from '../../core/log.ts'
import { narrowFound, narrowManifest, type Selection } from '../../core/restore/selection.ts'
import type { RunningRestore } from '../../postgres/client-tools/pg-restore.ts'
import type { RestoreTools } from '../backups/fetch-archive.ts'
import type { RestoreProgress } from './progress.ts'

/** What it takes to fill a database and to look at it. */
export interface FillTools extends RestoreTools {
  readonly signal: AbortSignal
  /** Restores the entries that were chosen. */
  readonly startRestore: (database: string) => Promise<RunningRestore>
  readonly analyze: (database: string) => Promise<void>
  readonly readContent: (database: string, original: Manifest['fingerprint']) => Promise<RestoredContent>
  readonly readStructure: (database: string) => Promise<readonly Check[]>
}

export interface CheckRequest {
  readonly manifest: Manifest
  readonly selection: Selection
  /** The database that holds it now. */
  readonly name: string
}

/** Fills in statistics, then compares everything with the manifest. */
export async function checkRestored(
  request: CheckRequest,
  tools: FillTools,
  progress: RestoreProgress,
): Promise<void> {
  const { manifest, name } = request
  const startedAt = tools.now().getTime()
  await tools.analyze(name)
  const found = await tools.readContent(name, manifest.fingerprint)
  const exact = compareContent(request, found)
  progress.checks.push(...exact, ...asInSource(await structureChecks(request, tools), exact, manifest))
  progress.checksMs = tools.now().getTime() - startedAt
  reportChecks(progress.checks, tools.log)
}

/** What was restored against what the manifest says of it. */
export function compareContent(
  { manifest, selection }: Omit<CheckRequest, 'name'>,
  found: RestoredContent,
): readonly Check[] {
  return exactChecks(narrowManifest(manifest, selection), narrowFound(found, selection))
}

/** References are left out with some tables only, and sequences stand at their beginning: nothing to look at there. */
export async function structureChecks(
  { selection, name }: CheckRequest,
  { readStructure }: Pick<FillTools, 'readStructure'>,
): Promise<readonly Check[]> {
  return selection.of === 'everything' ? await readStructure(name) : []
}

export function reportChecks(checks: readonly Check[], log: Log): void {
  for (const { verdict, name, expected, found } of checks)
    if (verdict === 'fail') log.info(`✗ ${name}: expected ${expected}, found ${found}`)
  log.info(`${checks.filter(check => check.verdict === 'pass').length} of ${checks.length} checks pass.`)
}

/** The first of some failed checks, and how many there are besides. */
export function renderFirst([first, ...others]: readonly Check[]): string {
  const more = others.length > 0 ? `, and ${others.length} more` : ''
  return `${first?.name}: expected ${first?.expected}, found ${first?.found}${more}`
}
