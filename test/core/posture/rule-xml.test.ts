import { describe, expect, it } from 'vitest'
import { renderLifecycle, renderRule, splitRules } from '../../../src/core/posture/rule-xml.ts'

describe('a lifecycle document', () => {
  it('is split into its rules and no others', () => {
    const rules = '<Rule><ID>a</ID><Status>Enabled</Status></Rule>\n <Rule><Status>Disabled</Status></Rule>'
    expect(splitRules(`<X xmlns="y">${rules}</X>`)).toEqual(rules.split('\n ').map(text => text.trim()))
    expect(splitRules('<LifecycleConfiguration/>')).toEqual([])
  })

  it('of Google is not taken for one of S3', () => {
    const rule = '<Rule><Action><Delete/></Action><Condition><Age>30</Age></Condition></Rule>'
    expect(splitRules(`<LifecycleConfiguration>${rule}</LifecycleConfiguration>`)).toBeUndefined()
  })

  it('of another form of rules is refused', () => {
    const rule = '<Rule><ID>a</ID><Status>Enabled</Status></Rule>'
    expect(splitRules(`<X>${rule}<Rule xmlns="z"><Status>Enabled</Status></Rule></X>`)).toBeUndefined()
    expect(splitRules(`<X>${rule}<Rule/></X>`)).toBeUndefined()
    expect(splitRules(`<X>${rule}<Rule><Status>Enabled`)).toBeUndefined()
  })

  it('holds rules byte for byte, in their order', () => {
    const rules = ['<Rule>b\n</Rule>', '<Rule>a</Rule>'].map(text => ({ rule: {}, xml: text }))
    expect(renderLifecycle(rules)).toBe(
      '<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule>b\n</Rule><Rule>a</Rule></LifecycleConfiguration>',
    )
    expect(splitRules(renderLifecycle([]))).toEqual([])
  })
})

describe('the XML of a rule', () => {
  const base = { ID: 'a', Status: 'Enabled', Filter: { Prefix: 'p/' } }
  const HEAD = '<Rule><ID>a</ID><Filter><Prefix>p/</Prefix></Filter><Status>Enabled</Status>'

  it.each([
    [{}, ''],
    [
      { Transitions: [{ Days: 30, StorageClass: 'GLACIER' }] },
      '<Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition>',
    ],
    [
      { NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
      '<NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration>',
    ],
    [
      { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } },
      '<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation></AbortIncompleteMultipartUpload>',
    ],
  ])('of %j', (action, xml) => {
    expect(renderRule({ ...base, ...action })).toBe(`${HEAD}${xml}</Rule>`)
  })

  it('escapes what a prefix may contain', () => {
    const xml = renderRule({ ...base, Filter: { Prefix: 'a&b<Rule>' } })
    expect(xml).toContain('<Prefix>a&amp;b&lt;Rule&gt;</Prefix>')
    expect(splitRules(`<X>${xml}</X>`)).toEqual([xml])
  })
})
