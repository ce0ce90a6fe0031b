import { globSync, readFileSync } from 'node:fs'
import {
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { createBucket, s3Client } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { example, grant } from '../support/example-policy.ts'
import { createHosted } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { runAction } from '../support/runner.ts'

const TABLE = 'CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 10)'

const WORKFLOWS = ['backup', 'drill', 'gate', 'restore'] as const

/** The one that deletes, too. */
const ALL_WORKFLOWS = [...WORKFLOWS, 'retention'] as const

interface Statement {
  readonly Action: string | readonly string[]
}

function actionsOf(name: string): readonly string[] {
  return example(name).Statement.flatMap(({ Action }: Statement) => Action)
}

describe('the example for AWS', () => {
  const lab = theLab()
  const stranger = s3Client(lab.s3, lab.s3.stranger)
  const strangerKeys = {
    AWS_ACCESS_KEY_ID: lab.s3.stranger.accessKeyId,
    AWS_SECRET_ACCESS_KEY: lab.s3.stranger.secretAccessKey,
  }

  it('has a role for backups that can write them, but neither read nor list them', async () => {
    await using source = await createDatabase(lab, TABLE)
    await using bucket = await createBucket(lab)
    const Policy = grant('backup-policy', bucket.name)
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))
    const inputs = { database: 'app', destination: `s3://${bucket.name}` }

    const dumped = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs, env: strangerKeys }),
    )

    expect(dumped.exitCode).toBe(0)
    // It may not see earlier backups, and that is no mistake: no trend, and no warning.
    expect(dumped.summary).not.toContain('Last backups')
    expect(dumped.log).not.toContain('trend')
    expect(await bucket.list('manifests/app/')).toHaveLength(1)
    const drill = await runAction('verify-drill', {
      inputs,
      env: { ...labEnvironment(lab), ...strangerKeys },
    })
    expect(drill.annotations.map(({ title }) => title)).toEqual(['verify-drill: STORE_DENIED'])
  })

  it('has a role for drills that can hold one, but not write a backup', async () => {
    await using source = await createDatabase(lab, TABLE)
    await using bucket = await createBucket(lab)
    const inputs = { database: 'app', destination: `s3://${bucket.name}` }
    await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs }))
    const Policy = grant('drill-policy', bucket.name)
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))

    const drill = await runAction('verify-drill', {
      inputs,
      env: { ...labEnvironment(lab), ...strangerKeys },
    })

    expect(drill).toMatchObject({ exitCode: 0, outputs: { verdict: 'pass' } })
    const write = new PutObjectCommand({ Bucket: bucket.name, Key: 'manifests/app/forged.json', Body: '{}' })
    await expect(stranger.send(write)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
  })

  it('has a role for gates that can make a restore point and read it back', async () => {
    await using source = await createDatabase(lab, TABLE)
    await using bucket = await createBucket(lab)
    const Policy = grant('gate-policy', bucket.name)
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))
    const inputs = { database: 'app', migrations: 'always', 'verify-level': 'drill' }
    const destination = `s3://${bucket.name}`

    const gate = await runAction(
      'pre-migration-snapshot',
      dumpOptions(lab, source, bucket, { inputs: { ...inputs, destination }, env: strangerKeys }),
    )

    expect(gate).toMatchObject({ exitCode: 0, outputs: { 'verified-level': 'drill' } })
    expect(await bucket.list('gates/app/')).toHaveLength(1)
    expect(gate.log).not.toMatch(/denied|not allowed/i)
  })

  it('has a role for restores that can overwrite after a safety backup, and record it', async () => {
    await using hosted = await createHosted(lab, TABLE)
    await using bucket = await createBucket(lab)
    const inputs = { database: 'app', destination: `s3://${bucket.name}` }
    await runAction('dump-to-s3', dumpOptions(lab, hosted, bucket, { inputs }))
    const Policy = grant('restore-policy', bucket.name)
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))

    const restore = await runAction('restore-from-s3', {
      inputs: { ...inputs, 'target-url': hosted.url, mode: 'overwrite', confirm: hosted.name },
      env: { ...labEnvironment(lab), ...strangerKeys },
    })

    expect(restore.exitCode, restore.log).toBe(0)
    expect(restore.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
    expect(await bucket.list(`manifests/app/${restore.outputs['safety-backup-id']}`)).toHaveLength(1)
    expect(await bucket.list('restores/app/')).toHaveLength(1)
    expect(restore.log).not.toMatch(/denied|not allowed/i)
  })

  test.each(WORKFLOWS)('lets the role for %s delete nothing', name => {
    expect(actionsOf(`${name}-policy`).filter(action => /\*|Delete|Policy|Lifecycle/.test(action))).toEqual(
      [],
    )
  })

  test.each(ALL_WORKFLOWS)('lets only %s.yml take the role for it, where its jobs run', name => {
    const [{ Condition }] = example(`${name}-trust`).Statement
    const claims = { ...Condition.StringEquals, ...Condition.StringLike }
    const claim = (of: string) => claims[`token.actions.githubusercontent.com:${of}`]
    expect(claim('aud')).toBe('sts.amazonaws.com')
    const file = name === 'gate' ? 'migration-gate.yml' : `${name}.yml`
    expect(claim('job_workflow_ref')).toBe(`OWNER/REPO/.github/workflows/${file}@*`)
    // A job with an environment has its name in sub, instead of the branch; each in both forms of sub.
    const { jobs } = parse(readFileSync(`.github/workflows/${file}`, 'utf8'))
    const environments = Object.values<{ environment?: string }>(jobs).flatMap(({ environment = '' }) =>
      environment.includes('||') ? (/'(.+)'/.exec(environment)?.[1] ?? []) : [],
    )
    const places = ['ref:refs/heads/main', ...environments.map(environment => `environment:${environment}`)]
    const repositories = ['example/app', 'example@1234/app@5678']
    expect(claim('sub')).toEqual(places.flatMap(place => repositories.map(of => `repo:${of}:${place}`)))
  })

  test('has callers that name these roles, and the environment of the trust policy', () => {
    for (const name of ['backup', 'drill', 'restore', 'retention']) {
      const { jobs } = parse(readFileSync(`examples/aws-oidc/${name}.yml`, 'utf8'))
      expect(jobs[name].with['role-arn']).toBe(`arn:aws:iam::123456789012:role/app-${name}`)
      if (name === 'restore') expect(jobs[name].with.environment).toBe('restore')
    }
  })

  test('explains every file that it has', () => {
    const page = readFileSync('examples/aws-oidc/README.md', 'utf8')
    for (const file of globSync('*.{json,yml}', { cwd: 'examples/aws-oidc' }))
      expect(page).toContain(`](${file})`)
  })

  it('has a lifecycle that a store accepts', async () => {
    await using bucket = await createBucket(lab)
    const LifecycleConfiguration = example('lifecycle')
    const put = new PutBucketLifecycleConfigurationCommand({ Bucket: bucket.name, LifecycleConfiguration })
    await bucket.client.send(put)
    const found = await bucket.client.send(
      new GetBucketLifecycleConfigurationCommand({ Bucket: bucket.name }),
    )
    expect(found.Rules?.map(({ ID }) => ID).toSorted()).toEqual([
      'abandoned-parts-away',
      'archives-to-glacier',
    ])
  })
})
