import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { unpacked } from '../../lab/debian-packages.ts'
import { labDirectory } from '../../lab/directory.ts'
import { givenPostgres, givenS3 } from '../../lab/external-services.ts'
import { borrowLab, type LabOptions, labDown, labStatus, labUp } from '../../lab/lab.ts'
import { oldClientBinDir } from '../../lab/old-client.ts'
import { startPgBouncer } from '../../lab/pgbouncer.ts'
import { isRunning, stop } from '../../lab/pid-file.ts'
import { readRecord } from '../../lab/service.ts'
import { createBucket, s3Client } from '../support/bucket.ts'
import { createDatabase, databaseUrl, withClient } from '../support/database.ts'
import { theLab } from '../support/lab.ts'

const lab = theLab()

describe('the lab', () => {
  it('has a Postgres 18 with a superuser', async () => {
    await using database = await createDatabase(lab, 'CREATE TABLE t AS SELECT 42 AS answer')
    expect(await database.query('SELECT answer FROM t')).toEqual([{ answer: 42 }])
    const [row] = await database.query<{ server_version_num: string }>('SHOW server_version_num')
    expect(row?.server_version_num).toMatch(/^18\d{4}$/)
    expect(await database.query('SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).toEqual([
      { rolsuper: true },
    ])
  })

  it('has a Postgres whose certificate can be verified', async () => {
    await using database = await createDatabase(lab)
    const url = new URL(database.url)
    url.search = new URLSearchParams({ sslmode: 'verify-full', sslrootcert: lab.postgres.caFile }).toString()
    await withClient(url.href, async client => {
      const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
      expect(rows).toEqual([{ ssl: true }])
    })
  })

  it('asks for the password', async () => {
    const url = new URL(`postgresql://postgres:wrong@127.0.0.1:${lab.postgres.port}/postgres`)
    await expect(withClient(url.href, async () => 0)).rejects.toThrow('password authentication failed')
  })

  it('has an S3 store, and a stranger who may do nothing in it', async () => {
    await using bucket = await createBucket(lab)
    const put = { Bucket: bucket.name, Key: 'a/b', Body: 'hello' }
    await bucket.client.send(new PutObjectCommand(put))
    expect(await bucket.list()).toEqual(['a/b'])
    expect((await bucket.read('a/b')).toString()).toBe('hello')
    const stranger = s3Client(lab.s3, lab.s3.stranger)
    await expect(stranger.send(new PutObjectCommand(put))).rejects.toThrow(
      expect.objectContaining({ name: expect.stringMatching(/AccessDenied|InvalidAccessKeyId/) }),
    )
  })
})

const silent = {
  info: () => {},
  debug: () => {},
  warning: () => {},
  group: <T>(_title: string, work: () => Promise<T>) => work(),
}

/** A second lab beside the one that the tests use; the packages are the same. */
async function ownLab(): Promise<
  AsyncDisposable & { readonly options: LabOptions; readonly directory: string }
> {
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-own-lab-'))
  await chmod(directory, 0o711)
  const options = {
    directory,
    packages: join(labDirectory(), 'packages'),
    env: {},
    log: silent,
  }
  return {
    options,
    directory,
    [Symbol.asyncDispose]: async () => {
      await labDown(options)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function processesOf(directory: string) {
  const services = await readdir(join(directory, 'services'))
  const records = await Promise.all(services.map(name => readRecord(join(directory, 'services', name))))
  return records.flatMap(({ processes }) => processes)
}

describe('starting and stopping', { timeout: 180_000 }, () => {
  it('takes what runs already, also when two start at once, and leaves nothing behind', async () => {
    await using own = await ownLab()
    const [one, two] = await Promise.all([labUp(own.options), labUp(own.options)])
    expect(two).toEqual(one)
    expect(await labUp(own.options)).toEqual(one)
    const processes = await processesOf(own.directory)
    expect(processes.map(({ name }) => name).toSorted()).toEqual([
      'ceph-mon',
      'ceph-osd',
      'postgres',
      'radosgw',
    ])
    expect((await labStatus(own.options)).running).toEqual({
      postgres: one.postgres.port,
      ceph: Number(new URL(one.s3.endpoint).port),
    })
    await labDown(own.options)
    expect(processes.filter(isRunning)).toEqual([])
    expect(await readdir(join(own.directory, 'services'))).toEqual([])
    await labDown(own.options)
  })

  it('restarts a service when one of its processes died, and keeps the other', async () => {
    await using own = await ownLab()
    const before = await labUp(own.options)
    const stores = (await processesOf(own.directory)).filter(({ name }) => name === 'ceph-osd')
    expect(stores).toHaveLength(1)
    // Until it is gone: a process that is being killed still looks alive, and would be kept.
    for (const store of stores) await stop({ ...store, stopSignal: 'SIGKILL' })
    const after = await labUp(own.options)
    expect(after.postgres).toEqual(before.postgres)
    await using bucket = await createBucket(after)
    expect(await bucket.list()).toEqual([])
  })

  it('stops with its last user', async () => {
    await using own = await ownLab()
    {
      await using borrowed = await borrowLab(own.options)
      expect(Object.keys((await labStatus(own.options)).running).toSorted()).toEqual(['ceph', 'postgres'])
      expect(borrowed.postgres.origin).toBe('lab')
    }
    expect((await labStatus(own.options)).running).toEqual({})
  })

  it('lets nobody else read its data, and listens on loopback only', async () => {
    await using own = await ownLab()
    await labUp(own.options)
    const services = join(own.directory, 'services')
    for (const secret of ['postgres/data', 'postgres/service.json', 'ceph/keyring'])
      expect((await stat(join(services, secret))).mode & 0o077, secret).toBe(0)
    const pids = (await processesOf(own.directory)).map(({ pid }) => pid)
    for (const pid of pids) expect(await listenAddresses(pid)).toEqual(new Set(['0100007F']))
  })

  it('refuses a directory that others can write', async () => {
    await expect(labUp({ directory: '/tmp' })).rejects.toThrow('PG_RUNBOOK_LAB_DIR')
  })
})

/** Addresses, as /proc/net has them, on which a process listens for TCP. */
async function listenAddresses(pid: number): Promise<Set<string>> {
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map(fd => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
  )
  const inodes = new Set(links.map(link => /^socket:\[(\d+)\]$/.exec(link)?.[1]))
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map(name => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  )
  const rows = tables.flatMap(text => text.split('\n').map(line => line.trim().split(/\s+/)))
  const listening = rows.filter(row => row[3] === '0A' && inodes.has(row[9]))
  return new Set(listening.map(row => row[1]?.split(':')[0] ?? ''))
}

describe('services that are there already', () => {
  it('are taken from the usual variables', () => {
    const env = { PGHOST: 'db', PGPORT: '6543', PGUSER: 'boss', PGPASSWORD: 'x' }
    expect(givenPostgres('/bin', env)).toMatchObject({
      origin: 'given',
      host: 'db',
      port: 6543,
      user: 'boss',
    })
    const aws = { AWS_ENDPOINT_URL: 'http://s3', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
    expect(givenS3(aws)).toMatchObject({ origin: 'given', endpoint: 'http://s3', region: 'us-east-1' })
  })

  it('requires both an endpoint and credentials for an external store', () => {
    expect(givenS3({ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' })).toBeUndefined()
    expect(givenPostgres('/bin', { PGPASSWORD: 'x' })).toBeUndefined()
    expect(() => givenS3({ AWS_ENDPOINT_URL_S3: 'http://s3' })).toThrow('AWS_ACCESS_KEY_ID')
  })
})

it('has the programs of PostgreSQL 18', () => {
  for (const program of ['pg_dump', 'pg_restore', 'psql', 'initdb', 'postgres'])
    expect(existsSync(join(lab.postgres.binDir, program)), program).toBe(true)
})

it('never uses half-unpacked packages, and unpacks once for concurrent callers', async () => {
  await using own = await ownLab()
  const packages = join(own.directory, 'packages')
  await mkdir(join(packages, 'small.making-1', 'usr'), { recursive: true })
  const suites = { debian: 'forky', ubuntu: 'resolute' }
  const small = { name: 'small', suites, packages: ['netbase'] }
  const said: string[] = []
  const log = { ...silent, info: (text: string) => void said.push(text) }
  const [one, two] = await Promise.all([unpacked(packages, small, log), unpacked(packages, small, log)])
  expect(one).toBe(two)
  expect(said).toHaveLength(1)
  expect(existsSync(join(one, 'etc/protocols'))).toBe(true)
  expect(await readdir(packages)).toEqual(['small'])
})

it('has client programs of an older major on demand', async () => {
  const bin = await oldClientBinDir()
  const dump = promisify(execFile)(join(bin, 'pg_dump'), [databaseUrl(lab, 'postgres')])
  await expect(dump).rejects.toThrow(/server version: 18\.\d+.*; pg_dump version: 1[67]/)
})

it('has a pooler in transaction mode on demand', async () => {
  await using database = await createDatabase(lab, `CREATE ROLE pooled LOGIN PASSWORD 'p w'`)
  const port = await startPgBouncer(lab)
  const url = new URL(databaseUrl(lab, database.name, { user: 'pooled', password: 'p w' }))
  url.port = String(port)
  await withClient(url.href, async client => {
    await client.query('SET application_name = sticky')
    await withClient(url.href, async other => {
      await client.query('BEGIN')
      const mine = await client.query('SELECT pg_backend_pid() AS pid')
      const yours = await other.query('SELECT pg_backend_pid() AS pid')
      expect(mine.rows).not.toEqual(yours.rows)
      await client.query('COMMIT')
    })
  })
  await withClient(url.href.replace('p%20w', 'wrong'), async () => 0).then(
    () => expect.unreachable(),
    error => expect(String(error)).toMatch(/auth|password/i),
  )
  await database.drop()
  await withClient(databaseUrl(lab, 'postgres'), client => client.query('DROP ROLE pooled'))
})
