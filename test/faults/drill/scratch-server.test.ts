import process from 'node:process'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import { type Backup, copyBackup, DrillRig, QUICK, SLOW, whileRestoring } from '../../support/drill-rig.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { runAction, startAction } from '../../support/runner.ts'

describe('a drill whose scratch server fails', () => {
  let rig: DrillRig
  let slow: Backup
  let quick: Backup

  beforeAll(async () => {
    rig = await DrillRig.start()
    slow = await rig.backUp(SLOW)
    quick = await rig.backUp(QUICK)
  })
  afterEach(() => rig.removeDrills())
  afterAll(() => rig[Symbol.asyncDispose]())

  it('names it when it cannot be reached', async () => {
    const url = 'postgresql://user:secret-word@127.0.0.1:9/postgres'
    const run = await runAction('verify-drill', rig.options(quick, { inputs: { 'scratch-url': url } }))

    const message = await rig.expectNotHeld(run, quick, 'DATABASE_UNREACHABLE')
    expect(message).toContain('scratch-url')
    expect(message).not.toContain('database-url')
  })

  it('names the copy left on a server that went away, and drops it when it is back', async () => {
    await using proxy = await FaultProxy.start({ port: rig.scratch.port })
    const url = rig.scratchUrl(proxy.port)
    const given = rig.options(slow, { inputs: { 'scratch-url': url.href, jobs: '2' } })
    const action = startAction('verify-drill', given)
    await whileRestoring(action)
    proxy.refuse()

    const run = await action.finished

    const errors = run.annotations.filter(({ level }) => level === 'error')
    expect(errors.map(({ title }) => title)).toEqual(['verify-drill: SCRATCH_FAILED'])
    expect(run.outputs.verdict).toBe('not-measured')
    expect(await rig.leftOnScratch(run)).toHaveLength(2)
    const gone = await runAction('verify-drill', { ...given, phase: 'post', after: run })
    expect(gone.exitCode).toBe(1)
    expect(gone.annotations[0]?.message).toMatch(
      /copy of the data[\s\S]*DROP DATABASE pg_(\w+);[\s\S]*DROP ROLE IF EXISTS \1;/,
    )
    proxy.resume()
    const back = await runAction('verify-drill', { ...given, phase: 'post', after: run })
    expect(back.annotations).toEqual([])
    expect(await rig.leftOnScratch(run)).toEqual([])
  })

  it('says what a role lacks that may not create databases', async () => {
    const role = `plain_${process.pid}`
    await rig.onScratch(`CREATE ROLE ${role} LOGIN PASSWORD 'plain'`)
    const url = rig.scratchUrl()
    url.username = role
    url.password = 'plain'
    const run = await runAction('verify-drill', rig.options(quick, { inputs: { 'scratch-url': url.href } }))
    await rig.onScratch(`DROP ROLE ${role}`)

    expect(await rig.expectNotHeld(run, quick, 'SCRATCH_FAILED')).toContain('CREATEDB')
  })

  it.each([
    [
      'is older than the source',
      (manifest: Manifest) => ({ ...manifest, server: { ...manifest.server, version: '99.1' } }),
      /99\.1/,
    ],
  ])('says so when it %s', async (_, change, words) => {
    const bucket = await rig.newBucket()
    await copyBackup(quick, bucket, change)

    const run = await runAction(
      'verify-drill',
      rig.options({ bucket }, { inputs: rig.given({ 'scratch-url': 'given' }) }),
    )

    expect(await rig.expectNotHeld(run, { bucket }, 'SCRATCH_FAILED')).toMatch(words)
  })

  it('removes roles of policies, and leaves those that other drills still need', async () => {
    const role = `policy_role_${process.pid}`
    await quick.source.query(`CREATE ROLE ${role}`)
    const { bucket, source } = await rig.backUp(
      `CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO ${role} USING (true)`,
    )
    await source.query(`DROP POLICY p ON t; DROP ROLE ${role}`)

    const runs = await Promise.all(
      [1, 2].map(() =>
        runAction('verify-drill', rig.options({ bucket }, { inputs: rig.given({ 'scratch-url': 'given' }) })),
      ),
    )

    expect(runs.map(run => run.outputs.verdict)).toEqual(['pass', 'pass'])
    expect(await rig.onScratch(`SELECT rolname FROM pg_roles WHERE rolname = '${role}'`)).toEqual([])
  })
})
