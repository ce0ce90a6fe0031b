import type { Lab } from '../../lab/lab.ts'
import { renderBytes, renderCount } from '../../src/core/text/bytes.ts'
import { type BenchKind, BYTES_PER_TABLE, ensureBench } from '../../test/data/bench.ts'
import type { TestBucket } from '../../test/support/bucket.ts'
import { databaseUrl } from '../../test/support/database.ts'
import { dumpOptions } from '../../test/support/dump.ts'
import { measureAction } from './contenders.ts'

/** The database that a contest is about, and the bucket of its backups. */
export interface Subject {
  readonly lab: Lab
  readonly kind: BenchKind
  readonly bytes: number
  readonly bucket: TestBucket
}

/** The logical name of every database of a bench, as in keys. */
export const DATABASE = 'bench'

const DATA: Readonly<Record<Exclude<BenchKind, 'tables'>, string>> = {
  logi: 'an application (text, jsonb, foreign keys)',
  entropy: 'incompressible bytes',
  series: 'one huge table',
}

/** `one huge table, 512 MiB`, `20,000 small tables` */
export function describeSubject({ kind, bytes }: Pick<Subject, 'kind' | 'bytes'>): string {
  if (kind === 'tables') return `${renderCount(Math.round(bytes / BYTES_PER_TABLE))} small tables`
  return `${DATA[kind]}, ${renderBytes(bytes)}`
}

export async function subjectUrl({ lab, kind, bytes }: Subject): Promise<string> {
  return databaseUrl(lab, await ensureBench(lab, kind, bytes))
}

/** The key of the newest archive in the bucket; without one, dumps the database first. */
export async function ensureArchive(subject: Subject): Promise<string> {
  const { lab, bucket } = subject
  const keys = await bucket.list(`backups/archives/${DATABASE}/`)
  const newest = keys.at(-1)
  if (newest !== undefined) return newest
  const from = { url: await subjectUrl(subject) }
  await measureAction('dump-to-s3', dumpOptions(lab, from, bucket, { inputs: { database: DATABASE } }))
  return await ensureArchive(subject)
}
