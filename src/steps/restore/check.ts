import type { ArchiveEntry } from '../../core/backup/archive-toc.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import type { Check } from '../../core/checks/check.ts'
import { exactChecks, type RestoredContent } from '../../core/checks/compare-manifest.ts'
import { downgradeKnownFindings } from '../../core/drill/drill-checks.ts'
import type { Log } from '../../core/log.ts'
import { excuseLeftOut } from '../../core/passes/excuses.ts'
import type { LeftOut } from '../../core/passes/pass.ts'
import { tooLargeToCompare } from '../../core/restore/contents-limit.ts'
import { narrowFound, narrowManifest, type RestoreScope } from '../../core/restore/restore-scope.ts'
import { settleAll } from '../../core/settle-all.ts'
import type { TransactionRange } from '../../postgres/target/later-writes.ts'
import { compareRows } from './compare-rows.ts'
import type { RestoreResult } from './result.ts'

/** Reads a restored database. */
export interface CheckDeps {
  readonly analyze: (database: string) => Promise<void>
  readonly readContent: (database: string, original: Manifest['fingerprint']) => Promise<RestoredContent>
  /**
   * Compares the rows of these entries with those of the tables. Rows that others have written after the
   * transaction that wrote them are not compared; null where no others can.
   */
  readonly compareRows: (
    database: string,
    rows: readonly ArchiveEntry[],
    writtenBy: TransactionRange | null,
  ) => Promise<readonly Check[]>
  readonly readStructure: (database: string) => Promise<readonly Check[]>
  readonly signal: AbortSignal
  readonly now: () => Date
  readonly log: Log
}

interface CheckRequest {
  readonly manifest: Manifest
  readonly scope: RestoreScope
  /** The database that was restored. */
  readonly name: string
  /** What of the archive was restored, and what of that was left out after all. */
  readonly entries: readonly ArchiveEntry[]
  readonly unrestored: readonly LeftOut[]
}

/**
 * Updates the statistics and compares everything with the manifest and the archive, side by side: with
 * thousands of tables each takes seconds of one processor.
 */
export async function checkRestored(
  request: CheckRequest,
  deps: CheckDeps,
): Promise<Pick<RestoreResult, 'checks' | 'checksMs'>> {
  const { manifest, name } = request
  const startedAt = deps.now().getTime()
  const [found, rows, structure] = await settleAll([
    deps.readContent(name, manifest.fingerprint),
    compareContents(request, deps, null),
    deps.analyze(name).then(() => structureChecks(request, deps)),
  ])
  const exact = compareContent(request, found)
  const checks = [...exact, ...rows, ...downgradeKnownFindings(structure, exact, manifest)]
  logChecks(checks, deps.log)
  return { checks, checksMs: deps.now().getTime() - startedAt }
}

/** Compares what was restored with the manifest. */
export function compareContent(
  { manifest, scope, unrestored }: Pick<CheckRequest, 'manifest' | 'scope' | 'unrestored'>,
  found: RestoredContent,
): readonly Check[] {
  return excuseLeftOut(exactChecks(narrowManifest(manifest, scope), narrowFound(found, scope)), unrestored)
}

/** Compares the restored rows with those of the archive, up to a size that users can wait for. */
export async function compareContents(
  { manifest, scope, name, entries, unrestored }: CheckRequest,
  deps: Pick<CheckDeps, 'compareRows' | 'signal'>,
  writtenBy: TransactionRange | null,
): Promise<readonly Check[]> {
  const tooLarge = tooLargeToCompare(manifest, scope)
  if (tooLarge !== undefined) return [tooLarge]
  const missing = new Set(unrestored.map(({ entry }) => entry.id))
  const rows = entries.filter(({ id, kind }) => kind === 'TABLE DATA' && !missing.has(id))
  return await compareRows(manifest, deps.signal, () => deps.compareRows(name, rows, writtenBy))
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
