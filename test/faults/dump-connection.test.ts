import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { oldClientBinDir } from '../../lab/old-client.ts'
import { startPgBouncer } from '../../lab/pgbouncer.ts'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { runAction, startAction } from '../support/runner.ts'

/** Everything that breaks naive quoting, in one password. */
const CANARY = `p%41@ss:w/o rd?#&+="'\\|$\`{}[]<>äß漢字;😀!`

/** How a secret may hide: raw, by the URL rules, in base64 at each of the three alignments, and in hex. */
function disguises(secret: string): readonly string[] {
  const encoded = encodeURIComponent(secret)
  const base64 = ['', 'x', 'xx'].map(prefix =>
    Buffer.from(prefix + secret)
      .toString('base64')
      .slice(4, -4),
  )
  return [
    secret,
    encoded,
    encoded.replace(/%20/g, '+'),
    encoded.toLowerCase(),
    Buffer.from(secret).toString('hex'),
    ...base64,
  ]
}

describe('the connection of dump-to-s3', () => {
  const lab = theLab()

  it('keeps a password with every special character out of everything it writes', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE t AS SELECT generate_series(1, 300000) AS a')
    await using bucket = await createBucket(lab)
    const user = `canary_${randomBytes(4).toString('hex')}`
    await source.query(`CREATE ROLE ${user} LOGIN SUPERUSER PASSWORD '${CANARY.replace(/'/g, "''")}'`)
    const { host, port } = lab.postgres
    const url = `postgresql://${user}:${encodeURIComponent(CANARY)}@${host}:${port}/${source.name}`

    const action = startAction(
      'dump-to-s3',
      dumpOptions(lab, { url }, bucket, { inputs: { compression: 'zstd:19' } }),
    )
    const seenArguments: string[] = []
    let isRunning = true
    const watching = (async () => {
      while (isRunning) {
        seenArguments.push(...action.processes().flatMap(({ args }) => args))
        await sleep(20)
      }
    })()
    const run = await action.finished
    isRunning = false
    await watching
    await source.query(`DROP ROLE ${user}`)

    expect(run.exitCode).toBe(0)
    expect(seenArguments.some(arg => arg.startsWith('--snapshot='))).toBe(true)
    const manifest = (await bucket.read((await bucket.list('backups/manifests/'))[0] ?? '')).toString()
    // The lines that register masks carry the secret by design, and the runner does not show them.
    const printed = run.rawLog.split('\n').filter(line => !line.startsWith('::add-mask::'))
    const places = {
      printed: printed.join('\n'),
      log: run.log,
      summary: run.summary,
      outputs: JSON.stringify(run.outputs),
      state: JSON.stringify(run.state),
      manifest,
      arguments: seenArguments.join('\n'),
    }
    for (const [place, text] of Object.entries(places)) {
      for (const disguise of disguises(CANARY))
        expect(text.includes(disguise), `${place} holds ${disguise}`).toBe(false)
    }
    expect(run.leftFiles).toEqual([])
    expect(run.log).toContain(source.name)
    expect(run.droppedOutputs).toEqual([])
  })

  it('keeps the password out of the error when the server refuses it', async () => {
    await using source = await createDatabase(lab)
    await using bucket = await createBucket(lab)
    const { host, port, user } = lab.postgres
    const url = `postgresql://${user}:${encodeURIComponent(CANARY)}@${host}:${port}/${source.name}`

    const run = await runAction('dump-to-s3', dumpOptions(lab, { url }, bucket))

    expect(run.annotations.at(-1)?.title).toBe('dump-to-s3: DATABASE_AUTH')
    const printed = run.rawLog
      .split('\n')
      .filter(line => !line.startsWith('::add-mask::'))
      .join('\n')
    for (const disguise of disguises(CANARY)) expect(printed).not.toContain(disguise)
  })

  it('refuses a server of a newer major before anything starts, and says how to go on', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE t (a int)')
    await using bucket = await createBucket(lab)
    const PATH = [await oldClientBinDir(), '/usr/bin', '/bin'].join(':')

    const run = await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { env: { PATH } }))

    const error = run.annotations.at(-1)
    expect(error?.title).toBe('dump-to-s3: TOOL_TOO_OLD')
    expect(error?.message).toMatch(/pg_dump 17\.\d+ cannot dump a server of version 18\.\d+[\s\S]*setup-pg18/)
    expect(await bucket.list()).toEqual([])
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  it('says so when there is no pg_dump at all', async () => {
    await using source = await createDatabase(lab)
    await using bucket = await createBucket(lab)

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { env: { PATH: '/nonexistent' } }),
    )

    expect(run.annotations.at(-1)?.title).toBe('dump-to-s3: TOOL_MISSING')
  })

  it('refuses a pooler in transaction mode', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE t (a int)')
    await using bucket = await createBucket(lab)
    const url = new URL(source.url)
    url.port = String(await startPgBouncer(lab))

    const run = await runAction('dump-to-s3', dumpOptions(lab, { url: url.href }, bucket))

    expect(run.annotations.at(-1)?.title).toBe('dump-to-s3: DATABASE_POOLER')
    expect(await bucket.list()).toEqual([])
  })

  it.each([
    ['require', {}, 0, ''],
    ['verify-full', { sslrootcert: 'CA' }, 0, ''],
    ['verify-full', {}, 1, 'DATABASE_UNREACHABLE'],
    ['verify-full', { systemRoots: 'CA' }, 0, ''],
    ['disable', {}, 0, ''],
  ] as const)('means by sslmode=%s %j what libpq means', async (sslmode, settings, exitCode, code) => {
    await using source = await createDatabase(lab, 'CREATE TABLE t AS SELECT 1 AS a')
    await using bucket = await createBucket(lab)
    const url = new URL(source.url)
    url.hostname = 'localhost'
    url.searchParams.set('sslmode', sslmode)
    if ('sslrootcert' in settings) url.searchParams.set('sslrootcert', lab.postgres.caFile)

    // Where OpenSSL, and with it Node and libpq, looks for the roots of the machine.
    const env = 'systemRoots' in settings ? { SSL_CERT_FILE: lab.postgres.caFile } : {}
    const run = await runAction('dump-to-s3', dumpOptions(lab, { url: url.href }, bucket, { env }))

    expect(run.exitCode).toBe(exitCode)
    if (code !== '') expect(run.annotations.at(-1)?.title).toBe(`dump-to-s3: ${code}`)
    else expect(run.outputs.rows).toBe('1')
  })
})
