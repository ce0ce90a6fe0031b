import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import { quoteIdentifier } from '../../src/core/pg/quote.ts'
import { MIB, renderBytes } from '../../src/core/text/bytes.ts'
import { databaseUrl, withClient } from '../../test/support/database.ts'
import { labEnvironment } from '../../test/support/dump.ts'
import { atMost, renderTimes } from './aim.ts'
import { measureAction, runShell } from './contenders.ts'
import {
  type Contender,
  holdContest,
  otherSample,
  peakOf,
  ratio,
  type Sample,
  type Section,
} from './contest.ts'
import { variables } from './dump-contest.ts'
import { DATABASE, describeSubject, ensureArchive, type Subject, subjectUrl } from './subject.ts'

const ACTION = 'restore-from-s3'
const BARE = 'pg_restore --jobs 2'

/** restore-from-s3 into a new database against a bare pg_restore from a local file. */
export async function restoreContest(subject: Subject, rounds: number): Promise<Section> {
  const archive = await ensureArchive(subject)
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-bench-'))
  try {
    const file = join(directory, 'archive.dump')
    await writeFile(file, await subject.bucket.read(archive))
    const contenders: readonly Contender[] = [
      { name: BARE, run: () => bareRestore(subject.lab, file) },
      { name: ACTION, run: () => restore(subject) },
    ]
    const title = `Restore of ${describeSubject(subject)}, loopback`
    console.log(title)
    const results = await holdContest(contenders, rounds)
    return {
      title,
      about:
        'restore-from-s3 into a new database, with download and checks, against a bare pg_restore of a local file.',
      results,
      aims: [
        atMost(`${ACTION} / bare pg_restore`, ratio(results, ACTION, BARE), 1.5, renderTimes),
        atMost(`peak memory of ${ACTION}`, peakOf(results, ACTION), 300 * MIB, renderBytes),
      ],
    }
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** A restore of the newest backup into a new database, which is dropped again. */
export async function restore(subject: Subject): Promise<Sample> {
  const { lab, bucket } = subject
  const name = 'bench_restored'
  const inputs = {
    'target-url': await subjectUrl(subject),
    destination: `s3://${bucket.name}/backups`,
    database: DATABASE,
    mode: 'new-database',
    'new-database': name,
    jobs: '2',
  }
  await drop(lab, name)
  const { run, sample } = await measureAction(ACTION, { inputs, env: labEnvironment(lab) })
  if (run.outputs.verdict !== 'pass') throw new Error(run.log)
  await drop(lab, name)
  return sample
}

async function bareRestore(lab: Lab, file: string): Promise<Sample> {
  const name = 'bench_bare'
  await drop(lab, name)
  await withClient(databaseUrl(lab, 'postgres'), client => client.query(`CREATE DATABASE ${name}`))
  const env = { ...labEnvironment(lab), ...variables(new URL(databaseUrl(lab, name))) }
  const command = `pg_restore --exit-on-error --no-owner --no-acl --jobs 2 --dbname ${name} '${file}'`
  const seconds = await runShell(command, env)
  await drop(lab, name)
  return otherSample(seconds)
}

async function drop(lab: Lab, name: string): Promise<void> {
  const sql = `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`
  await withClient(databaseUrl(lab, 'postgres'), client => client.query(sql))
}
