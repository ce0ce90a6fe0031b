import { describe, expect, it } from 'vitest'
import { toFinding } from '../../../src/core/posture/finding.ts'

const judge = (value: string | undefined) =>
  value === 'on'
    ? ({ verdict: 'pass', evidence: 'It is on.', fix: 'aws on' } as const)
    : ({ verdict: 'fail', evidence: `It is ${value ?? 'not set'}.`, fix: 'aws on' } as const)
const find = (reading: Parameters<typeof toFinding<string>>[2]) => toFinding('c', 's3:Get', reading, judge)

describe('a finding', () => {
  it('has a fix only where something fails', () => {
    expect(find({ state: 'set', value: 'off' })).toEqual({
      check: 'c',
      right: 's3:Get',
      verdict: 'fail',
      evidence: 'It is off.',
      fix: 'aws on',
    })
    expect(find({ state: 'set', value: 'on' })).toMatchObject({ verdict: 'pass', fix: null })
  })

  it('judges a setting that is not set', () => {
    expect(find({ state: 'unset' })).toMatchObject({ verdict: 'fail', evidence: 'It is not set.' })
  })

  it.each([
    ['denied', 'not-measured', 'These credentials lack s3:Get.'],
    ['unknown-call', 'not-applicable', 'The store does not have this setting.'],
  ] as const)('never judges a setting that is %s', (state, verdict, evidence) => {
    expect(find({ state })).toEqual({ check: 'c', right: 's3:Get', verdict, evidence, fix: null })
  })

  it('without a command has no fix', () => {
    const finding = toFinding('c', 'r', { state: 'unset' }, () => ({ verdict: 'fail', evidence: 'Bad.' }))
    expect(finding.fix).toBeNull()
  })
})
