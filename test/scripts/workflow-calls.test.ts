import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { workflowProblems } from '../../scripts/check/workflows.ts'
import { callProblems } from '../../scripts/workflows/calls.ts'

const examples = globSync('examples/*/{backup,drill,deploy,restore}*.yml')
  .filter(file => !file.endsWith('drill-criteria.yml'))
  .toSorted()
const callers = globSync('scripts/workflows/callers/*.yml').toSorted()
const files = [...globSync('.github/workflows/*.yml').toSorted(), ...examples, ...callers]

describe('workflows and examples', () => {
  it('are found', () => {
    expect(files).toContain('.github/workflows/migration-gate.yml')
    expect(callers.length).toBeGreaterThan(1)
    expect(examples).toEqual(
      expect.arrayContaining(
        ['backup', 'deploy', 'drill', 'restore'].map(name => `examples/logi/${name}.yml`),
      ),
    )
  })

  test.each(files)('%s agrees with what it calls', file => {
    expect(callProblems(file, readFileSync(file, 'utf8'))).toEqual([])
  })

  test.each([...examples, ...callers])('%s keeps to the rules for workflows', file => {
    // A caller names ours by commit; only the address differs.
    const source = readFileSync(file, 'utf8').replace(/OWNER\/REPO\/(\S+)@[0-9a-f]{40} # v[\d.]+/g, '$/$1')
    expect(source).not.toContain('OWNER/REPO')
    expect(workflowProblems(file, source)).toEqual([])
  })

  it('let no deploy start without its gate', () => {
    const { deploy, gate } = parse(readFileSync('examples/logi/deploy.yml', 'utf8')).jobs
    expect(deploy.needs).toEqual(['gate'])
    // `if: always()` here, or continue-on-error there, would let it start after a gate that failed.
    expect(deploy.if).toBeUndefined()
    expect(gate['continue-on-error']).toBeUndefined()
    expect(gate.if).toBeUndefined()
    for (const file of files) expect(readFileSync(file, 'utf8')).not.toContain('continue-on-error')
  })

  it('let old backups be heard, without holding up a deploy', () => {
    const { freshness, gate } = parse(readFileSync('examples/logi/deploy.yml', 'utf8')).jobs
    expect(gate.needs).toBeUndefined()
    const [check, report] = freshness.steps
    expect(check.with.kinds).toBe('daily')
    expect(report).toMatchObject({ if: 'always()', with: { task: 'freshness' } })
    // An empty output, of a check that could not look, would not be true or false.
    expect(report.with.verified).toContain("== 'true'")
  })

  it('let no restore start without the plan that was approved', () => {
    const { on, jobs } = parse(readFileSync('.github/workflows/restore.yml', 'utf8'))
    const { plan, restore } = jobs
    expect(restore.needs).toEqual(['plan'])
    // `if: always()` would let it start after a plan that refused.
    expect([plan.if, restore.if]).toEqual([undefined, undefined])
    // The person who starts a restore does not choose who approves it.
    expect(restore.environment).toContain("|| 'restore'")
    expect(Object.keys(on.workflow_dispatch.inputs)).not.toContain('environment')
    expect(plan.environment).toBeUndefined()
    const [planned, restored] = [plan, restore].map(
      ({ steps }) => steps.find(({ uses = '' }) => uses.endsWith('restore-from-s3')).with,
    )
    expect(planned['dry-run']).toBe('true')
    expect(restored).toEqual({
      ...planned,
      'dry-run': 'false',
      backup: expect.stringContaining('needs.plan.outputs.backup-id'),
      'expect-plan': expect.stringContaining('needs.plan.outputs.plan-digest'),
    })
    expect(planned.confirm).toContain('inputs.confirm')
    for (const { confirm } of [on.workflow_dispatch.inputs, on.workflow_call.inputs])
      expect(confirm).toMatchObject({ required: true })
  })

  test.each(['backup', 'drill', 'migration-gate', 'restore'])(
    '%s.yml waits its turn, and never takes that of another',
    name => {
      const source = readFileSync(`.github/workflows/${name}.yml`, 'utf8')
      const kind = name === 'migration-gate' ? 'gate' : name
      expect(source).toContain(`      group: pg-runbook-${kind}-`)
      expect(source).toContain('      cancel-in-progress: false\n      queue: max\n')
    },
  )
})

const CALLER = `
on: { push: { branches: [main] } }
jobs:
  gate:
    permissions:
      contents: write
      id-token: write
      issues: write
    uses: OWNER/REPO/.github/workflows/migration-gate.yml@0000000000000000000000000000000000000000
    with:
      database: logi
      destination: s3://logi-backups
      s3-region: eu-west-1
    secrets:
      DATABASE_URL: \${{ secrets.LOGI_PG_URL }}
  deploy:
    needs: gate
    if: needs.gate.outputs.migrations-pending == 'true'
    steps:
      - id: dump
        uses: $/actions/dump-to-s3
        with:
          destination: s3://logi-backups
      - run: echo "$ID"
        env:
          ID: \${{ steps.dump.outputs.backup-id }}
`

describe('the check of calls', () => {
  it('lets a good one pass', () => {
    expect(callProblems('a.yml', CALLER)).toEqual([])
  })

  test.each([
    ['database: logi', 'databse: logi', 'has no input databse'],
    ['      database: logi\n', '', 'without the required input database'],
    ['DATABASE_URL:', 'DATABASE_URI:', 'has no secret DATABASE_URI'],
    ['      id-token: write\n', '', 'asks for the permission id-token: write'],
    ['issues: write', 'issues: read', 'asks for the permission issues: write'],
    ['migration-gate.yml', 'gate.yml', 'does not exist'],
    ['migration-gate.yml', 'ci.yml', 'cannot be called'],
    ['actions/dump-to-s3', 'actions/dump', 'does not exist'],
    ['          destination: s3', '          target: s3', 'has no input target'],
    ['outputs.backup-id', 'outputs.backup', 'has no such output'],
    ['steps.dump', 'steps.dumped', 'there is no step dumped'],
    ['outputs.migrations-pending', 'outputs.pending', 'has no such output'],
    ['needs: gate', 'needs: []', 'does not need gate'],
    ['needs: gate', 'needs: [gate, test]', 'needs test, which is no job'],
    ['secrets.LOGI_PG_URL', 'inputs.url', 'inputs.url is not declared'],
    [
      '{ push: { branches: [main] } }',
      '{ workflow_call: { inputs: { a: {} } } }',
      'the input a is read nowhere',
    ],
    [
      '{ push: { branches: [main] } }',
      '{ workflow_call: { secrets: { A: {} } } }',
      'secrets.LOGI_PG_URL is not declared',
    ],
  ])('catches a %j that became %j', (before, after, problem) => {
    expect(CALLER).toContain(before)
    expect(callProblems('a.yml', CALLER.replace(before, after)).join('\n')).toContain(problem)
  })
})
