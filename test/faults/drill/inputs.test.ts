import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { QUICK } from '../../support/drill-rig.ts'
import { createWorkplace } from '../../support/runner/workplace.ts'
import { runAction } from '../../support/runner.ts'
import { useDrillRig } from '../../support/use-drill-rig.ts'

describe('a drill with wrong criteria or connections', () => {
  const given = useDrillRig({ quick: QUICK })

  async function criteria(text: string): Promise<string> {
    const file = join(createWorkplace().workspace, 'criteria.yml')
    await writeFile(file, text)
    return file
  }

  it('points at a criteria file that is not there', async () => {
    const run = await runAction(
      'verify-drill',
      given.rig.options(given.quick, { inputs: { criteria: 'no/such.yml' } }),
    )

    expect(await given.rig.expectNotHeld(run, given.quick, 'INVALID_INPUT')).toContain('no/such.yml')
  })

  it('points at line and column of a criteria file that is wrong', async () => {
    const file = await criteria('checks:\n  - name: users\n    table: users\n    tolerance: many\n')
    const run = await runAction(
      'verify-drill',
      given.rig.options(given.quick, { inputs: { criteria: file } }),
    )

    expect(await given.rig.expectNotHeld(run, given.quick, 'INVALID_INPUT')).toContain('criteria.yml:4:16:')
  })

  it('measures all but what needs a live database that does not answer', async () => {
    const file = await criteria('checks:\n  - name: events\n    table: events\n    tolerance: 5%\n')
    const live = 'postgresql://user:secret-word@127.0.0.1:9/postgres'
    const run = await runAction(
      'verify-drill',
      given.rig.options(given.quick, { inputs: { criteria: file, 'live-url': live } }),
    )

    const errors = run.annotations.filter(({ level }) => level === 'error')
    expect(errors.map(({ title }) => title)).toEqual(['verify-drill: DRILL_NOT_MEASURED'])
    expect(errors[0]?.message).toMatch(/events.*127\.0\.0\.1:9/)
    expect(run.outputs.verdict).toBe('not-measured')
    expect(run.exitCode).toBe(1)
    expect(run.summary).toContain('all tables')
    await given.rig.expectNothingLeft(run)
  })
})
