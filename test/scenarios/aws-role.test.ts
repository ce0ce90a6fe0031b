import { describe, expect, it } from 'vitest'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { startFakeIdentity } from '../support/fake-identity.ts'
import { theLab } from '../support/lab.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const TABLE = 'CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 10)'
const ROLE = 'arn:aws:iam::123456789012:role/app-backup'

describe('a job that assumes a role of AWS', () => {
  const lab = theLab()

  /** A job without keys, and nowhere to find some. */
  function dump(
    source: TestDatabase,
    bucket: TestBucket,
    env: Readonly<Record<string, string>>,
  ): Promise<ActionRun> {
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...rest } = labEnvironment(lab)
    return runAction('dump-to-s3', {
      inputs: { 'database-url': source.url, database: 'logi', destination: `s3://${bucket.name}` },
      env: { ...rest, AWS_EC2_METADATA_DISABLED: 'true', AWS_ROLE_ARN: ROLE, ...env },
    })
  }

  it('gets it for a token of GitHub, which nobody sees', async () => {
    await using source = await createDatabase(lab, TABLE)
    await using bucket = await createBucket(lab)
    await using identity = await startFakeIdentity({ keys: lab.s3 })

    const run = await dump(source, bucket, identity.env)

    expect(run.exitCode, run.log).toBe(0)
    expect(await bucket.list('manifests/logi/')).toHaveLength(1)
    expect(identity.assumed[0]).toMatchObject({
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: ROLE,
      RoleSessionName: 'pg-runbook-1234567890',
      WebIdentityToken: 'token.0.for-sts.amazonaws.com',
    })
    expect(run.secrets).toEqual(expect.arrayContaining([...identity.tokens]))
    expect(run.rawLog.replace(/^::add-mask::.*$/gm, '')).not.toContain('token.0')
    expect(run.leftFiles).toEqual([])
  })

  it('gets it again with a new token when the session ends before the dump', async () => {
    await using source = await createDatabase(lab, TABLE)
    await using bucket = await createBucket(lab)
    await using identity = await startFakeIdentity({ keys: lab.s3, sessionMs: 1000 })

    const run = await dump(source, bucket, identity.env)

    expect(run.exitCode, run.log).toBe(0)
    expect(identity.assumed.length).toBeGreaterThan(2)
    expect(new Set(identity.assumed.map(({ WebIdentityToken }) => WebIdentityToken)).size).toBe(
      identity.assumed.length,
    )
  })

  it('says what to compare when AWS does not give it the role', async () => {
    await using source = await createDatabase(lab, TABLE)
    await using bucket = await createBucket(lab)
    await using identity = await startFakeIdentity({ keys: lab.s3, isDenied: true })

    const run = await dump(source, bucket, identity.env)

    const [error] = run.annotations.filter(({ level }) => level === 'error')
    expect(error?.title).toBe('dump-to-s3: STORE_DENIED')
    expect(error?.message).toContain('Not authorized to perform sts:AssumeRoleWithWebIdentity')
    expect(error?.message).toContain('compare its trust policy')
  })

  it('says which permission is missing when GitHub gives it no token', async () => {
    await using source = await createDatabase(lab, TABLE)
    await using bucket = await createBucket(lab)

    const run = await dump(source, bucket, {})

    const [error] = run.annotations.filter(({ level }) => level === 'error')
    expect(error?.title).toBe('dump-to-s3: STORE_DENIED')
    expect(error?.message).toContain('id-token: write')
  })

  it('uses its keys where it has some', async () => {
    await using source = await createDatabase(lab, TABLE)
    await using bucket = await createBucket(lab)
    await using identity = await startFakeIdentity({ keys: lab.s3 })

    const run = await dump(source, bucket, { ...labEnvironment(lab), ...identity.env })

    expect(run.exitCode, run.log).toBe(0)
    expect(identity.tokens).toEqual([])
  })
})
