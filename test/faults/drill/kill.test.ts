import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { QUICK, SLOW, stillRunning, until, whileRestoring } from '../../support/drill-rig.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import type { SeenProcess } from '../../support/runner/process-tree.ts'
import { runAction, startAction } from '../../support/runner.ts'
import { useDrillRig } from '../../support/use-drill-rig.ts'

describe('a drill that is killed or cancelled', () => {
  const given = useDrillRig({ slow: SLOW, quick: QUICK })

  const SIDE_BY_SIDE = { inputs: { jobs: '2' } }

  it.each([
    ['the scratch server', 'postgres', 'SCRATCH_FAILED', /scratch server .*SIGKILL/],
    // As the kernel does when memory runs out.
    ['a backend of it', 'backend', 'SCRATCH_FAILED', /signal 9/],
    ['pg_restore', 'leader', 'TOOL_FAILED', /pg_restore ended with signal SIGKILL/],
    ['a worker of pg_restore', 'worker', 'TOOL_FAILED', /worker process died/],
  ] as const)('says what ended and accuses no backup, when %s is killed', async (_, victim, code, words) => {
    const action = startAction('verify-drill', given.rig.options(given.slow, SIDE_BY_SIDE))
    const seen = await whileRestoring(action)
    process.kill(pick(seen, victim), 'SIGKILL')

    const run = await action.finished

    expect(await given.rig.expectNotHeld(run, given.slow, code)).toMatch(words)
    expect(run.durationMs).toBeLessThan(25_000)
  })

  it.each([
    ['its own server', {}],
    ['a given server', { 'scratch-url': 'given' }],
  ])('cleans up within the grace of a cancelled job, on %s', async (_, inputs) => {
    const action = startAction(
      'verify-drill',
      given.rig.options(given.slow, { inputs: { ...given.rig.given(inputs), jobs: '2' } }),
    )
    const seen = await whileRestoring(action)
    const cancelledAt = performance.now()

    const run = await action.cancel()

    expect(performance.now() - cancelledAt).toBeLessThan(7500)
    expect(run.endedBy).toBeNull()
    await given.rig.expectNotHeld(run, given.slow, 'CANCELLED')
    expect(stillRunning(seen)).toEqual([])
  })

  it.each([
    ['its own server', {}],
    ['a given server', { 'scratch-url': 'given' }],
  ])('cleans up in the post step when the action was killed, on %s', async (_, inputs) => {
    // A tracking id of its own: the harness, like the runner, ends what carries the step's.
    const killable = given.rig.options(given.slow, {
      inputs: { ...given.rig.given(inputs), jobs: '2' },
      env: { RUNNER_TRACKING_ID: 'nobody' },
    })
    const action = startAction('verify-drill', killable)
    const seen = await whileRestoring(action)
    action.signal('SIGKILL')
    const killed = await action.finished
    expect(killed.endedBy).toBe('SIGKILL')
    expect(stillRunning(seen)).not.toEqual([])

    const post = await runAction('verify-drill', { ...killable, phase: 'post', after: killed })

    expect(post.exitCode, post.log).toBe(0)
    expect(post.annotations).toEqual([])
    await given.rig.expectNothingLeft({ ...post, savedState: killed.savedState })
    await expect.poll(() => stillRunning(seen)).toEqual([])
  })

  it('cleans up in the post step when the action was killed while it made the server', async () => {
    const killable = given.rig.options(given.quick, { env: { RUNNER_TRACKING_ID: 'nobody' } })
    const action = startAction('verify-drill', killable)
    const seen = await until(() => action.processes().find(({ program }) => program === 'initdb'))
    action.signal('SIGKILL')
    const killed = await action.finished

    const post = await runAction('verify-drill', { ...killable, phase: 'post', after: killed })

    expect(post.exitCode, post.log).toBe(0)
    await given.rig.expectNothingLeft({ ...post, savedState: killed.savedState })
    expect(stillRunning([seen])).toEqual([])
  })

  it('says nothing in the post step after a wrong input or a clean run', async () => {
    const wrong = given.rig.options(given.quick, { inputs: { jobs: 'many' } })
    const main = await runAction('verify-drill', wrong)
    await given.rig.expectNotHeld(main, given.quick, 'INVALID_INPUT')
    const post = await runAction('verify-drill', { ...wrong, phase: 'post', after: main })
    expect(post.annotations).toEqual([])

    await using proxy = await FaultProxy.start({ port: given.rig.scratch.port })
    const url = given.rig.scratchUrl(proxy.port)
    const good = given.rig.options(given.quick, { inputs: { 'scratch-url': url.href } })
    const run = await runAction('verify-drill', good)
    expect(run.outputs.verdict, run.log).toBe('pass')
    proxy.refuse()
    const after = await runAction('verify-drill', { ...good, phase: 'post', after: run })
    expect(after.annotations).toEqual([])
    expect(after.exitCode).toBe(0)
  })

  it('stops at its timeout', async () => {
    const run = await runAction('verify-drill', given.rig.options(given.slow, { inputs: { timeout: '6s' } }))

    await given.rig.expectNotHeld(run, given.slow, 'TIMED_OUT')
  })
})

function pick(seen: readonly SeenProcess[], victim: 'postgres' | 'backend' | 'leader' | 'worker'): number {
  const args = (all: SeenProcess) => all.args.join(' ')
  const restoring = seen.filter(({ program }) => program === 'pg_restore')
  const found =
    victim === 'postgres'
      ? seen.find(process => process.program === 'postgres' && args(process).includes(' -D '))
      : victim === 'backend'
        ? seen.find(process => / runbook_drill_\w+ pg_runbook_drill_/.test(args(process)))
        : victim === 'leader'
          ? restoring[0]
          : restoring.at(-1)
  if (found === undefined) throw new Error(`No ${victim} among\n${seen.map(args).join('\n')}`)
  return found.pid
}
