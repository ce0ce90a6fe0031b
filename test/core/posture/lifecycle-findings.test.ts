import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { lifecycleDifference, lifecycleFindings } from '../../../src/core/posture/lifecycle-findings.ts'
import type { LifecycleRule } from '../../../src/core/posture/lifecycle-rule.ts'
import { withOwn } from '../../../src/core/posture/own-rules.ts'
import { GOAL } from '../../support/samples/lifecycle.ts'

describe('the printed command', () => {
  it('is one command with one argument in bash, whatever an ID of others contains', () => {
    const hostile = `'; touch /tmp/pwned; echo "$(id)" \`id\` \\ \n!`
    const rule: LifecycleRule = {
      ID: hostile,
      Status: 'Enabled',
      Filter: { Prefix: 'logs/' },
      Expiration: { Days: 1 },
    }
    const reading = { state: 'set', value: [{ rule, xml: '' }] } as const
    const address = { bucket: 'b', endpoint: `https://s3.example.com/'$(id)` }
    const [finding] = lifecycleFindings(reading, GOAL, address)
    const script = `aws() { printf '%s\\0' "$@"; }\n${finding?.fix}`
    const words = execFileSync('bash', ['-euc', script]).toString().split('\0').slice(0, -1)
    expect(words.slice(0, -1)).toEqual([
      's3api',
      'put-bucket-lifecycle-configuration',
      '--endpoint-url',
      address.endpoint,
      '--bucket',
      'b',
      '--lifecycle-configuration',
    ])
    expect(JSON.parse(words.at(-1) ?? '').Rules[0]).toEqual(rule)
  })

  it('is not there for what passes, cannot be read, or is not known', () => {
    const address = { bucket: 'b', endpoint: undefined }
    const own = withOwn([], GOAL)
    const verdicts = (state: Parameters<typeof lifecycleFindings>[0]) =>
      lifecycleFindings(state, GOAL, address).map(({ verdict, fix }) => [verdict, fix])
    expect(verdicts({ state: 'set', value: own })).toEqual(Array(4).fill(['pass', null]))
    expect(verdicts({ state: 'denied' })).toEqual(Array(4).fill(['not-measured', null]))
    expect(verdicts({ state: 'unknown-call' })).toEqual(Array(4).fill(['not-applicable', null]))
  })
})

describe('the findings about the lifecycle', () => {
  const address = { bucket: 'b', endpoint: undefined }
  const find = (rules: readonly LifecycleRule[], goal = GOAL) =>
    lifecycleFindings({ state: 'set', value: rules.map(rule => ({ rule, xml: '' })) }, goal, address)
  const glacier = (Days: number, more = {}): LifecycleRule => ({
    Status: 'Enabled',
    Filter: {},
    Transitions: [{ Days, StorageClass: 'GLACIER' }],
    ...more,
  })

  it('fail without rules, each with the command that writes ours', () => {
    const findings = lifecycleFindings({ state: 'unset' }, GOAL, address)
    expect(findings.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['lifecycle of archives', 'fail'],
      ['unfinished uploads', 'fail'],
      ['old versions', 'fail'],
      ['rules of others', 'pass'],
    ])
    for (const { fix } of findings.slice(0, 3)) expect(fix).toContain('pg-runbook-versions-prod')
  })

  it.each<[LifecycleRule, string, string]>([
    [glacier(30), 'pass', 'Archives move to GLACIER after 30 days.'],
    [glacier(1), 'fail', 'Archives move to GLACIER after 1 day.'],
    [glacier(30, { Filter: { Prefix: 'prod/archives/app/' } }), 'fail', 'No rule moves archives to GLACIER.'],
    [glacier(30, { Status: 'Disabled' }), 'fail', 'No rule moves archives to GLACIER.'],
  ])('judge when archives move: %#', (rule, verdict, evidence) => {
    expect(find([rule])[0]).toMatchObject({ verdict, evidence })
  })

  it('judge archives that are to stay', () => {
    const stay = { ...GOAL, glacierDays: undefined }
    expect(find([], stay)[0]).toMatchObject({
      verdict: 'pass',
      evidence: 'Archives stay in the class of the dump.',
    })
    expect(find([glacier(30)], stay)[0]?.verdict).toBe('fail')
  })

  it('take the shortest of several rules', () => {
    const rules = [7, 2].flatMap((days): LifecycleRule[] => [
      { Status: 'Enabled', Filter: {}, AbortIncompleteMultipartUpload: { DaysAfterInitiation: days } },
      { Status: 'Enabled', Filter: {}, NoncurrentVersionExpiration: { NoncurrentDays: days * 10 } },
    ])
    const [, uploads, versions] = find(rules)
    expect(uploads?.evidence).toBe('Unfinished uploads are removed after 2 days.')
    expect(versions?.evidence).toBe('Old versions are removed after 20 days.')
  })

  it('name rules of others that would eat backups', () => {
    const [, , , others] = find([{ ID: 'x', Status: 'Enabled', Filter: {}, Expiration: { Days: 9 } }])
    expect(others).toMatchObject({ verdict: 'fail', fix: null })
    expect(others?.evidence).toContain('The rule "x" (prefix "") deletes objects in prod/archives/')
  })
})

describe('the difference that applying a goal makes', () => {
  it('has a line for each rule that goes and that comes', () => {
    const own = withOwn([], GOAL)
    const lines = lifecycleDifference(own, { ...GOAL, noncurrentDays: 60 })
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^- .*"NoncurrentDays":30/)
    expect(lines[1]).toMatch(/^\+ .*"NoncurrentDays":60/)
  })

  it('leaves rules of others out', () => {
    const other = {
      rule: { Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 1 } },
      xml: '',
    }
    expect(lifecycleDifference([other, ...withOwn([], GOAL)], GOAL)).toEqual([])
    expect(lifecycleDifference([other], GOAL).every(line => line.startsWith('+ '))).toBe(true)
  })
})
