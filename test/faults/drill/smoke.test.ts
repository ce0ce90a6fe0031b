import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { QUICK } from '../../support/drill-rig.ts'
import { runAction, startAction } from '../../support/runner.ts'
import { useDrillRig } from '../../support/use-drill-rig.ts'

describe('the smoke command of a drill', () => {
  const given = useDrillRig({ quick: QUICK })

  it('ends it after its time, with everything that it started', async () => {
    const marker = `5${process.pid}`
    const run = await runAction(
      'verify-drill',
      given.rig.options(given.quick, {
        inputs: { 'smoke-command': `sleep ${marker} & sleep ${marker}`, 'smoke-timeout': '1s' },
      }),
    )

    expect(run.outputs).toMatchObject({ verdict: 'fail', 'failed-checks': 'smoke command' })
    expect(run.summary).toContain('still running after 1.0 s')
    await given.rig.expectNothingLeft(run)
    expect(run.durationMs).toBeLessThan(25_000)
  })

  it('does not wait for what it leaves in the background', async () => {
    const run = await runAction(
      'verify-drill',
      given.rig.options(given.quick, { inputs: { 'smoke-command': 'sleep 300 & echo done' } }),
    )

    expect(run.outputs.verdict, run.log).toBe('pass')
    await given.rig.expectNothingLeft(run)
    expect(run.durationMs).toBeLessThan(25_000)
  })

  it('ends what has left its process group too', async () => {
    const command = 'setsid sleep 300 > /dev/null 2>&1 & sleep 0.2; echo done'
    const run = await runAction(
      'verify-drill',
      given.rig.options(given.quick, { inputs: { 'smoke-command': command } }),
    )

    expect(run.outputs.verdict, run.log).toBe('pass')
    await given.rig.expectNothingLeft(run)
  })

  it('ends it when the job is cancelled', async () => {
    const action = startAction(
      'verify-drill',
      given.rig.options(given.quick, {
        inputs: { 'smoke-command': 'echo smoking; trap "" TERM; sleep 300' },
      }),
    )
    await action.waitForLog(/^smoking/m)

    const run = await action.cancel()

    expect(run.endedBy).toBeNull()
    const errors = run.annotations.filter(({ level }) => level === 'error')
    expect(errors.map(({ title }) => title)).toEqual(['verify-drill: CANCELLED'])
    await given.rig.expectNothingLeft(run)
  })

  it('shows it no inputs, tokens or other database, and lets it set no outputs', async () => {
    const command = '[ -z "$GITHUB_OUTPUT" ] || echo "verdict=fail" >> "$GITHUB_OUTPUT"; env; exit 0'
    const run = await runAction(
      'verify-drill',
      given.rig.options(given.quick, {
        inputs: { 'smoke-command': command },
        env: {
          PGHOST: 'production.example',
          PGPASSWORD: 'prod',
          ACTIONS_RUNTIME_TOKEN: 'token-of-the-job',
          APP_MODE: 'drill',
        },
      }),
    )

    expect(run.outputs.verdict).toBe('pass')
    expect(run.log).toContain('APP_MODE=drill')
    expect(run.log).toContain('DATABASE_URL=postgresql://')
    expect(run.log).not.toMatch(/^(INPUT_.*|ACTIONS_RUNTIME_TOKEN|PGHOST|PGPASSWORD|GITHUB_OUTPUT)=/m)
    const mayBe = /lacks security fixes/
    expect(run.annotations.filter(({ message }) => !mayBe.test(message))).toEqual([])
  })
})
