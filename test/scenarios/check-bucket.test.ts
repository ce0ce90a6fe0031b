import {
  DeleteBucketPolicyCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketAclCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { B2, GCS, R2, RecordedStore } from '../support/recorded-store.ts'
import { createBucketOf } from '../support/retention.ts'
import { type ActionRun, runAction } from '../support/runner.ts'
import { MeddlingProxy } from '../support/storage/meddling-proxy.ts'

const lab = theLab()

function check(
  bucket: { name: string },
  inputs: Record<string, string> = {},
  env: Record<string, string> = {},
) {
  return runAction('check-bucket', {
    inputs: { destination: `s3://${bucket.name}`, ...inputs },
    env: { ...labEnvironment(lab), ...env },
  })
}

/** The verdict of each check, from the log. */
function verdicts({ log }: ActionRun): Readonly<Record<string, string>> {
  const lines = [...log.matchAll(/^(pass|fail|not-measured|not-applicable) +([^:\n]+(?:: [a-z ]+?)?): /gm)]
  return Object.fromEntries(lines.map(([, verdict = '', name = '']) => [name, verdict]))
}

const FOREIGN: LifecycleRule[] = [
  { ID: 'logs', Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 3 } },
  { ID: 'old <&> form', Status: 'Disabled', Prefix: 'tmp/', Expiration: { Days: 1 } } as LifecycleRule,
]

async function putRules(bucket: TestBucket, Rules: LifecycleRule[]): Promise<void> {
  const LifecycleConfiguration = { Rules }
  await bucket.client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: bucket.name, LifecycleConfiguration }),
  )
}

async function rulesOf(bucket: TestBucket): Promise<readonly LifecycleRule[]> {
  const found = await bucket.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket.name }))
  return (found.Rules ?? []).toSorted((a, b) => ((a.ID ?? '') < (b.ID ?? '') ? -1 : 1))
}

describe('check-bucket', () => {
  it('finds what is wrong with an open bucket, and prints what repairs it', async () => {
    await using bucket = await createBucket(lab)
    const Bucket = bucket.name
    await bucket.client.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }))
    const CORSConfiguration = { CORSRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }] }
    await bucket.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }))
    const Statement = [
      { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` },
    ]
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket, Policy }))

    const report = await check(bucket)

    expect(report.exitCode).toBe(1)
    expect(report.annotations.map(({ title }) => title)).toEqual(['check-bucket: BUCKET_UNFIT'])
    expect(report.outputs.verdict).toBe('fail')
    expect(verdicts(report)).toMatchObject({
      'lifecycle of archives': 'fail',
      'unfinished uploads': 'fail',
      'old versions': 'fail',
      'rules of others': 'pass',
      versioning: 'fail',
      'public access block': 'fail',
      'policy and ACL': 'fail',
      'deletes denied': 'fail',
      'TLS only': 'fail',
      'object lock': 'not-applicable',
      cors: 'fail',
      'proof: anonymous read': 'fail',
      'proof: no overwrite': 'pass',
      'proof: no delete': 'fail',
    })
    expect(report.summary).toContain(
      `put-bucket-versioning --endpoint-url ${lab.s3.endpoint} --bucket ${Bucket}`,
    )
    expect(report.summary).toContain('delete-bucket-cors')
    expect(report.summary).toContain('+ {"ID":"pg-runbook-archives"')
  })

  it('sets the lifecycle, and finds nothing wrong in a bucket that is set up well', async () => {
    await using bucket = await createBucketOf('versioned', lab)
    const Bucket = bucket.name
    const PublicAccessBlockConfiguration = {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    }
    await bucket.client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }))
    const applied = await check(bucket, { mode: 'apply', confirm: Bucket })
    expect(applied.outputs, applied.log).toMatchObject({ changed: 'true' })
    const deny = (Action: string[], Condition?: object) => ({
      Effect: 'Deny',
      Principal: '*',
      Action,
      Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
      ...(Condition && { Condition }),
    })
    const Statement = [deny(['s3:DeleteObject', 's3:DeleteObjectVersion'])]
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket, Policy }))

    const report = await check(bucket)
    // Nothing else could empty the bucket.
    await bucket.client.send(new DeleteBucketPolicyCommand({ Bucket }))

    const wrong = Object.entries(verdicts(report)).filter(([, verdict]) => verdict === 'fail')
    // The lab's store has neither TLS nor a key service.
    expect(wrong, report.log).toEqual([
      ['TLS only', 'fail'],
      ['encryption', 'fail'],
    ])
    expect(verdicts(report)).toMatchObject({
      'proof: anonymous read': 'pass',
      'proof: no overwrite': 'pass',
      'proof: no delete': 'pass',
      'deletes denied': 'pass',
    })
  })

  it('leaves the rules of others as they are, and is done after one run', async () => {
    await using bucket = await createBucket(lab)
    await putRules(bucket, FOREIGN)
    const before = await rulesOf(bucket)
    const inputs = { mode: 'apply', confirm: bucket.name }
    expect((await check(bucket, { ...inputs, 'glacier-after': '60d' })).outputs.changed).toBe('true')
    expect((await check(bucket, inputs)).outputs.changed).toBe('true')
    expect((await check(bucket, inputs)).outputs.changed).toBe('false')
    const after = await rulesOf(bucket)
    expect(after.filter(({ ID }) => !ID?.startsWith('pg-runbook-'))).toEqual(before)
    const [archives, ...more] = after.filter(({ ID }) => ID?.startsWith('pg-runbook-'))
    expect(archives?.Transitions).toEqual([{ Days: 30, StorageClass: 'GLACIER' }])
    expect(more).toHaveLength(2)
  })

  it('changes nothing while a rule of others eats backups', async () => {
    await using bucket = await createBucket(lab)
    await putRules(bucket, [
      { ID: 'all', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 365 } },
    ])
    const applied = await check(bucket, { mode: 'apply', confirm: bucket.name })
    expect(applied.annotations.map(({ title }) => title)).toEqual(['check-bucket: BUCKET_UNFIT'])
    expect(applied.log).toContain('deletes objects in archives/')
    expect(await rulesOf(bucket)).toHaveLength(1)
  })

  it('puts the old rules back where the store holds others than were written', async () => {
    await using bucket = await createBucket(lab)
    await putRules(bucket, FOREIGN)
    const before = await rulesOf(bucket)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    // The write is lost, though the store says that it was done.
    proxy.meddle({ method: 'PUT', path: /lifecycle/, answer: { status: 200, body: '' } })
    const env = { AWS_ENDPOINT_URL_S3: proxy.url }
    const applied = await check(bucket, { mode: 'apply', confirm: bucket.name }, env)
    expect(applied.log).toContain('The old rules are back.')
    expect(proxy.seen.filter(({ method, path }) => method === 'PUT' && /lifecycle/.test(path))).toHaveLength(
      2,
    )
    expect(await rulesOf(bucket)).toEqual(before)
  })

  it('measures nothing that it may not read, and takes that for no success', async () => {
    await using bucket = await createBucket(lab)
    const { accessKeyId, secretAccessKey } = lab.s3.stranger
    const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    const report = await check(bucket, {}, env)
    // Ceph without its website service does not know the call.
    const { 'proof: anonymous read': anonymous, website, ...others } = verdicts(report)
    expect([anonymous, website]).toEqual(['pass', 'not-applicable'])
    expect(new Set(Object.values(others))).toEqual(new Set(['not-measured']))
    expect(Number(report.outputs['not-measured'])).toBeGreaterThan(10)
  })

  it.each([
    [
      'R2',
      R2,
      {
        'unfinished uploads': 'pass',
        versioning: 'not-applicable',
        'deletes denied': 'not-applicable',
        encryption: 'pass',
        'proof: anonymous read': 'pass',
        'proof: no overwrite': 'pass',
        'proof: no delete': 'pass',
      },
    ],
    [
      'B2',
      B2,
      {
        'lifecycle of archives': 'fail',
        versioning: 'pass',
        'policy and ACL': 'pass',
        'object lock': 'not-measured',
        'proof: no overwrite': 'not-applicable',
        'proof: no delete': 'not-measured',
      },
    ],
    [
      'GCS',
      GCS,
      {
        'lifecycle of archives': 'not-applicable',
        'rules of others': 'not-applicable',
        versioning: 'pass',
        encryption: 'not-applicable',
        'proof: no overwrite': 'not-measured',
      },
    ],
  ])('knows what %s lacks', async (_, recording, expected) => {
    await using store = await RecordedStore.start(recording)
    const report = await check({ name: 'backups' }, {}, { AWS_ENDPOINT_URL_S3: store.url })
    expect(verdicts(report), report.log).toMatchObject(expected)
    expect(store.asked).toContain('anonymous')
    expect(store.asked.filter(question => /^PUT \?|^DELETE \?/.test(question))).toEqual([])
  })

  it.each([
    [{ mode: 'apply' }, 'confirm: got "", apply needs the name of the bucket'],
    [{ mode: 'apply', confirm: 'other' }, 'confirm: got "other", apply needs the name of the bucket'],
    [{ 'abort-uploads-after': '1d' }, 'abort-uploads-after: is shorter than 2d'],
    [{ 'glacier-after': '36h' }, 'glacier-after: got "36h", expected whole days such as 30d'],
    [{ 'kept-for': '100d' }, 'kept-for: is 100 days, but GLACIER after 30 days is billed until day 120'],
  ])('refuses %j before it asks the store', async (inputs, message) => {
    const report = await check({ name: 'backups' }, inputs)
    expect(report.annotations.map(({ title }) => title)).toEqual(['check-bucket: INVALID_INPUT'])
    expect(report.log).toContain(message)
  })
})
