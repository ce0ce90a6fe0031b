import { describe, expect, it } from 'vitest'
import { type BucketSettings, bucketFindings } from '../../../src/core/posture/bucket-findings.ts'

const set = <T>(value: T) => ({ state: 'set', value }) as const
const UNSET = { state: 'unset' } as const
const POLICY = JSON.stringify({
  Statement: [
    { Effect: 'Deny', Principal: '*', Resource: '*', Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'] },
    {
      Effect: 'Deny',
      Principal: '*',
      Resource: '*',
      Action: 's3:*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ],
})
const GOOD: BucketSettings = {
  lifecycle: UNSET,
  versioning: set('Enabled'),
  publicAccessBlock: set(4),
  isPublic: set(false),
  policy: set(POLICY),
  lockDays: set(30),
  encryption: set('aws:kms'),
  website: UNSET,
  cors: UNSET,
}
const AWS = { bucket: 'logi-backups', endpoint: undefined, prefix: '' }
const find = (more: Partial<BucketSettings>, check: string) =>
  bucketFindings({ ...GOOD, ...more }, AWS).find(finding => finding.check === check)

describe('the settings of a bucket', () => {
  it('pass where backups are safe, and nothing is to be fixed', () => {
    const findings = bucketFindings(GOOD, AWS)
    expect(findings.filter(({ verdict, fix }) => verdict !== 'pass' || fix !== null)).toEqual([])
    expect(findings.map(({ check }) => check)).toEqual([
      'versioning',
      'public access block',
      'policy and ACL',
      'deletes denied',
      'TLS only',
      'object lock',
      'encryption',
      'website',
      'cors',
    ])
  })

  it.each([
    ['no JSON', '::error::x'],
    ['no object', '["s3:*"]'],
    ['null', 'null'],
    ['empty', ''],
  ])('fail with a policy that is %s, which no command writes back', (_, text) => {
    for (const check of ['deletes denied', 'TLS only'])
      expect(find({ policy: set(text) }, check)).toMatchObject({
        verdict: 'fail',
        evidence: expect.stringContaining('not a JSON object'),
        fix: null,
      })
  })

  it('are judged where the statements of a policy are of other types', () => {
    const text = JSON.stringify({ Statement: [7, null, 'Deny', ['s3:*'], { Effect: 7, Action: { a: 1 } }] })
    expect(find({ policy: set(text) }, 'TLS only')).toMatchObject({ verdict: 'fail' })
  })

  it.each<[string, Partial<BucketSettings>, string, string]>([
    ['versioning', { versioning: set('Suspended') }, 'Versioning is off', 'put-bucket-versioning'],
    ['versioning', { versioning: UNSET }, 'Versioning is off', 'Status=Enabled'],
    ['public access block', { publicAccessBlock: set(3) }, '3 of 4 blocks', 'put-public-access-block'],
    ['public access block', { publicAccessBlock: UNSET }, '0 of 4 blocks', 'RestrictPublicBuckets=true'],
    ['policy and ACL', { isPublic: set(true) }, 'lets anyone in', 'put-public-access-block'],
    ['TLS only', { policy: UNSET }, 'without TLS pass', 'put-bucket-policy'],
    ['encryption', { encryption: UNSET }, 'No default encryption', 'put-bucket-encryption'],
    ['website', { website: set(true) }, 'served as a website', 'delete-bucket-website'],
    ['cors', { cors: set(1) }, '1 CORS rule lets', 'delete-bucket-cors'],
    ['cors', { cors: set(2) }, '2 CORS rules let', 'delete-bucket-cors'],
  ])('fail %s: %j', (check, settings, evidence, command) => {
    const finding = find(settings, check)
    expect(finding).toMatchObject({ verdict: 'fail', evidence: expect.stringContaining(evidence) })
    expect(finding?.fix).toContain(command)
    expect(finding?.fix).toMatch(/^aws s3api \S+ --bucket logi-backups/)
  })

  it('leave the policy about deletes to you: only you know the roles', () => {
    expect(find({ policy: UNSET }, 'deletes denied')).toMatchObject({
      verdict: 'fail',
      evidence: expect.stringContaining('examples/aws-oidc/bucket-policy.json'),
      fix: null,
    })
  })

  it.each([
    [undefined, 'not-applicable', 'Object Lock is off.'],
    [0, 'not-applicable', 'Object Lock has no default retention.'],
    [1, 'pass', 'Objects are locked for 1 day by default.'],
    [30, 'pass', 'Objects are locked for 30 days by default.'],
  ])('call a lock of %s days %s', (days, verdict, evidence) => {
    const lockDays = days === undefined ? UNSET : set(days)
    expect(find({ lockDays }, 'object lock')).toMatchObject({ verdict, evidence, fix: null })
  })

  it('name the endpoint of another store, quoted', () => {
    const endpoint = "https://s3.example/'$(id)"
    const [finding] = bucketFindings({ ...GOOD, versioning: UNSET }, { bucket: 'b', endpoint, prefix: '' })
    expect(finding?.fix).toContain(` --endpoint-url 'https://s3.example/'\\''$(id)' --bucket b `)
  })

  it('are not judged where they cannot be read', () => {
    const denied = Object.fromEntries(Object.keys(GOOD).map(key => [key, { state: 'denied' }]))
    const findings = bucketFindings(denied as unknown as BucketSettings, AWS)
    expect(new Set(findings.map(({ verdict }) => verdict))).toEqual(new Set(['not-measured']))
    for (const { evidence, right } of findings) expect(evidence).toContain(right)
  })
})
