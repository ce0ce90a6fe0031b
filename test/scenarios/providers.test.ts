import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectionUrl } from '../../src/core/pg/connection.ts'
import { PROVIDERS, type Provider } from '../data/providers.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { databaseUrl, withClient } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { type OwnServer, startOwnServer } from '../support/own-server.ts'
import { runAction } from '../support/runner.ts'

describe('a database of a provider, with the role of its page', () => {
  const lab = theLab()
  let server: OwnServer
  beforeAll(async () => {
    server = await startOwnServer(lab.postgres.binDir)
  })
  afterAll(async () => await server[Symbol.asyncDispose]())

  function urlOf(database: string, user = 'postgres'): string {
    const url = new URL(connectionUrl(server.connection).reveal())
    return Object.assign(url, { pathname: `/${database}`, username: user }).href
  }

  /** As the provider hands it out; `team` fills it. */
  async function create(name: string, { role, owner = role, own }: Provider): Promise<void> {
    await withClient(urlOf('postgres'), client => client.query(`CREATE DATABASE ${name} OWNER ${owner}`))
    await withClient(urlOf(name), client => client.query(own))
  }

  async function run(action: string, bucket: TestBucket, inputs: Record<string, string>) {
    const found = await runAction(action, {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'app', ...inputs },
      env: labEnvironment(lab),
    })
    const [error] = found.annotations.filter(({ level }) => level === 'error')
    return { ...found, error: error?.message }
  }

  it.each(PROVIDERS)('$name: dump, drill and restore', async provider => {
    const { role, attributes, roles, team, mode } = provider
    const name = `app_${role}`
    await using bucket = await createBucket(lab)
    await withClient(urlOf('postgres'), client =>
      client.query(`CREATE ROLE ${role} LOGIN ${attributes}; ${roles}`),
    )
    await create(name, provider)
    await withClient(urlOf(name, role), client => client.query(team))

    const dumped = await runAction(
      'dump-to-s3',
      dumpOptions(lab, { url: urlOf(name, role) }, bucket, {
        inputs: {
          destination: `s3://${bucket.name}/backups`,
          database: 'app',
          fingerprint: 'content',
          ...provider.dump,
        },
      }),
    )
    expect(dumped.exitCode, dumped.log).toBe(0)
    const backup = dumped.outputs['backup-id'] ?? ''

    const drill = await run('verify-drill', bucket, { backup, 'scratch-url': databaseUrl(lab, 'postgres') })
    expect(drill.error).toBeUndefined()
    expect(drill.outputs.verdict, drill.log).toBe('pass')

    const target = mode === 'overwrite' ? `new_${name}` : name
    if (mode === 'overwrite') await create(target, provider)
    const restore = () =>
      run('restore-from-s3', bucket, {
        ...{ backup, mode, confirm: target, 'target-url': urlOf(target, role) },
        ...(mode === 'overwrite' && { 'confirm-source': name }),
      })
    const restored = await restore()
    expect(restored.error, restored.log).toBeUndefined()
    expect(restored.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
    for (const entry of provider.leftOut) expect(restored.summary).toContain(entry)
    const { rows } = await withClient(urlOf(restored.outputs['restored-to'] ?? '', role), client =>
      client.query(`
        CREATE TABLE public.made_afterwards (id int);
        SELECT (SELECT count(*)::int FROM public.users) AS users, (SELECT count(*)::int FROM public.buyers) AS buyers,
          (SELECT count(*)::int FROM pg_constraint WHERE contype = 'f' AND conrelid = 'public.orders'::regclass) AS "references"`),
    ).then(results => (Array.isArray(results) ? results.at(-1) : results))
    expect(rows).toEqual([{ users: 50, buyers: 50, references: 1 }])

    const [sql = '', refusal] = provider.refused ?? []
    await withClient(urlOf(target), client => client.query(sql))
    if (refusal !== undefined) expect((await restore()).error).toContain(refusal)
  })
})
