import process from 'node:process'
import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import { copyBackup, QUICK, SLOW, whileRestoring } from '../../support/drill-rig.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { runAction, startAction } from '../../support/runner.ts'
import { useDrillRig } from '../../support/use-drill-rig.ts'

describe('a drill whose scratch server fails', () => {
  const given = useDrillRig({ slow: SLOW, quick: QUICK })

  it('names it when it cannot be reached', async () => {
    const url = 'postgresql://user:secret-word@127.0.0.1:9/postgres'
    const run = await runAction(
      'verify-drill',
      given.rig.options(given.quick, { inputs: { 'scratch-url': url } }),
    )

    const message = await given.rig.expectNotHeld(run, given.quick, 'DATABASE_UNREACHABLE')
    expect(message).toContain('scratch-url')
    expect(message).not.toContain('database-url')
  })

  it('names the copy left on a server that went away, and drops it when it is back', async () => {
    await using proxy = await FaultProxy.start({ port: given.rig.scratch.port })
    const url = given.rig.scratchUrl(proxy.port)
    const withProxy = given.rig.options(given.slow, { inputs: { 'scratch-url': url.href, jobs: '2' } })
    const action = startAction('verify-drill', withProxy)
    await whileRestoring(action)
    proxy.refuse()

    const run = await action.finished

    const errors = run.annotations.filter(({ level }) => level === 'error')
    expect(errors.map(({ title }) => title)).toEqual(['verify-drill: SCRATCH_FAILED'])
    expect(run.outputs.verdict).toBe('not-measured')
    expect(await given.rig.leftOnScratch(run)).toHaveLength(2)
    const gone = await runAction('verify-drill', { ...withProxy, phase: 'post', after: run })
    expect(gone.exitCode).toBe(1)
    expect(gone.annotations[0]?.message).toMatch(
      /copy of the data[\s\S]*DROP DATABASE pg_(\w+);[\s\S]*DROP ROLE IF EXISTS \1;/,
    )
    proxy.resume()
    const back = await runAction('verify-drill', { ...withProxy, phase: 'post', after: run })
    expect(back.annotations).toEqual([])
    expect(await given.rig.leftOnScratch(run)).toEqual([])
  })

  it('says what a role lacks that may not create databases', async () => {
    const role = `plain_${process.pid}`
    await given.rig.onScratch(`CREATE ROLE ${role} LOGIN PASSWORD 'plain'`)
    const url = given.rig.scratchUrl()
    url.username = role
    url.password = 'plain'
    const run = await runAction(
      'verify-drill',
      given.rig.options(given.quick, { inputs: { 'scratch-url': url.href } }),
    )
    await given.rig.onScratch(`DROP ROLE ${role}`)

    expect(await given.rig.expectNotHeld(run, given.quick, 'SCRATCH_FAILED')).toContain('CREATEDB')
  })

  it.each([
    [
      'is older than the source',
      (manifest: Manifest) => ({ ...manifest, server: { ...manifest.server, version: '99.1' } }),
      /99\.1/,
    ],
  ])('says so when it %s', async (_, change, words) => {
    const bucket = await given.rig.newBucket()
    await copyBackup(given.quick, bucket, change)

    const run = await runAction(
      'verify-drill',
      given.rig.options({ bucket }, { inputs: given.rig.given({ 'scratch-url': 'given' }) }),
    )

    expect(await given.rig.expectNotHeld(run, { bucket }, 'SCRATCH_FAILED')).toMatch(words)
  })

  it('removes roles of policies, and leaves those that other drills still need', async () => {
    const role = `policy_role_${process.pid}`
    await given.quick.source.query(`CREATE ROLE ${role}`)
    const { bucket, source } = await given.rig.backUp(
      `CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO ${role} USING (true)`,
    )
    await source.query(`DROP POLICY p ON t; DROP ROLE ${role}`)

    const runs = await Promise.all(
      [1, 2].map(() =>
        runAction(
          'verify-drill',
          given.rig.options({ bucket }, { inputs: given.rig.given({ 'scratch-url': 'given' }) }),
        ),
      ),
    )

    expect(runs.map(run => run.outputs.verdict)).toEqual(['pass', 'pass'])
    expect(await given.rig.onScratch(`SELECT rolname FROM pg_roles WHERE rolname = '${role}'`)).toEqual([])
  })
})
