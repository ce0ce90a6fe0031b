import { parseManifest } from '../../../src/core/backup/manifest.ts'
import { renderCount } from '../../../src/core/text/bytes.ts'
import type { TestBucket } from '../../../test/support/bucket.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import type { ActionRun } from '../../../test/support/runner.ts'
import { findDifferences, findUntruths } from '../compare.ts'
import { type Content, readContent } from '../content.ts'
import type { Stage } from '../stage.ts'

/**
 * Compares the restored database with the source, and the manifest with both. Throws where anything differs.
 */
export async function compare(
  { page, lab }: Stage,
  bucket: TestBucket,
  run: ActionRun,
  source: TestDatabase,
  target: TestDatabase,
): Promise<Content> {
  const manifest = await readManifest(bucket, run)
  const before = await readContent(lab, source.name)
  const after = await readContent(lab, target.name)
  const rowsOf = ({ tables }: Content, name: string) => renderCount(tables.get(name)?.rows ?? 0)
  page.table([
    ['Table', 'Source', 'Manifest', 'Restored'],
    ...manifest.fingerprint.tables.map(({ schema, name, rows }) => {
      const table = `${schema}.${name}`
      return [table, rowsOf(before, table), renderCount(rows), rowsOf(after, table)]
    }),
  ])
  page.say(`\nSHA-256 of a plain dump of\n  the source    ${before.sha256}\n  the restored  ${after.sha256}`)
  const problems = [...findDifferences(before, after), ...findUntruths(manifest.fingerprint.tables, before)]
  if (problems.length > 0)
    throw new Error(`The restored database is not the source:\n- ${problems.join('\n- ')}`)
  return before
}

async function readManifest(bucket: TestBucket, run: ActionRun) {
  const uri = run.outputs['manifest-uri'] ?? ''
  const json = await bucket.read(uri.replace(`s3://${bucket.name}/`, ''))
  return parseManifest(json.toString(), uri)
}
