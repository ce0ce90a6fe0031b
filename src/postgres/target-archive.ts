import { OperatorError } from '../core/errors.ts'
import { type ArchiveEntry, parseArchiveList } from '../core/restore-list.ts'
import { runTool } from './tool.ts'

/**
 * What an archive holds; `args` narrow it in pg_restore's own terms, such as `--table=users`. The archive must have been
 * verified: even listing a crafted one can run code (CVE-2026-116314). Throws RESTORE_FAILED.
 */
export async function listArchive(
  pgRestore: string,
  archive: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly ArchiveEntry[]> {
  const { exitCode, stdout, stderr } = await runTool(pgRestore, ['--list', ...args, archive], env)
  if (exitCode === 0) return parseArchiveList(stdout)
  throw new OperatorError('RESTORE_FAILED', `pg_restore --list ended with ${exitCode}: ${stderr.trim()}.`, {
    hint: 'Pick another backup: this archive cannot be read.',
  })
}
