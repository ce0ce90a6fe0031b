import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

export interface RegressionServer {
  readonly binDir: string
  readonly host: string
  readonly port: number
  /** A superuser. */
  readonly user: string
}

/** Tests that leave the database unusable for a dump, or need what only PostgreSQL's own build tree has. */
const LEFT_OUT = new Set(['tablespace', 'event_trigger', 'event_trigger_login', 'oidjoins', 'stats'])

/**
 * Fills a database with what PostgreSQL's regression tests leave behind: about every kind of object there is.
 * Tests that need the compiled regress.so fail there and leave the rest. Returns the names of the tests that
 * ran.
 */
export async function buildRegression(
  tests: string,
  server: RegressionServer,
  database: string,
): Promise<readonly string[]> {
  const results = await mkdtemp(join(tmpdir(), 'pg-runbook-regress-'))
  await chmod(results, 0o777)
  try {
    const groups = schedule(tests)
    for (const group of groups)
      await Promise.all(group.map(name => runTest(tests, results, server, database, name)))
    return groups.flat()
  } finally {
    await rm(results, { recursive: true, force: true })
  }
}

/** The groups of `parallel_schedule`, in order. */
function schedule(tests: string): readonly (readonly string[])[] {
  const lines = readFileSync(join(tests, 'parallel_schedule'), 'utf8').matchAll(/^test: (.*)$/gm)
  return [...lines].map(([, names = '']) =>
    names.split(/\s+/).filter(name => name !== '' && !LEFT_OUT.has(name)),
  )
}

async function runTest(
  tests: string,
  results: string,
  { binDir, host, port, user }: RegressionServer,
  database: string,
  name: string,
): Promise<void> {
  const variables = ['HIDE_TABLEAM=on', 'HIDE_TOAST_COMPRESSION=on'].flatMap(variable => ['--set', variable])
  const child = spawn(
    join(binDir, 'psql'),
    ['--no-psqlrc', '--quiet', ...variables, '--file', join(tests, 'sql', `${name}.sql`), database],
    {
      cwd: results,
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH ?? '',
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGTZ: 'America/Los_Angeles',
        PGDATESTYLE: 'Postgres, MDY',
        PG_ABS_SRCDIR: tests,
        PG_ABS_BUILDDIR: results,
        PG_LIBDIR: results,
        PG_DLSUFFIX: '.so',
      },
    },
  )
  await once(child, 'close')
}
