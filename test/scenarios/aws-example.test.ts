import { readFileSync } from 'node:fs'
import {
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it, test } from 'vitest'
import { createBucket, s3Client } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { runAction } from '../support/runner.ts'

const TABLE = 'CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 10)'

interface Statement {
  readonly Action: string | readonly string[]
}

/** A file of the example, for another bucket. */
function example(name: string, bucket = 'example-backups') {
  return JSON.parse(
    readFileSync(`examples/aws-oidc/${name}.json`, 'utf8').replaceAll('example-backups', bucket),
  )
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

  /** What a role is allowed, as a bucket policy for the lab's user without rights. */
  function grant(name: string, bucket: string): string {
    const { Version, Statement } = example(name, bucket)
    return JSON.stringify({
      Version,
      Statement: Statement.map((statement: object) => ({ ...statement, Principal: { AWS: ['*'] } })),
    })
  }

  it('has a writer that can back up, but neither read nor list what is there', async () => {
    await using source = await createDatabase(lab, TABLE)
    await using bucket = await createBucket(lab)
    const Policy = grant('writer-policy', bucket.name)
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))
    const inputs = { database: 'app', destination: `s3://${bucket.name}` }

    const dumped = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs, env: strangerKeys }),
    )

    expect(dumped.exitCode).toBe(0)
    // It may not see earlier backups, and that is nobody's mistake: no trend, and no word about it.
    expect(dumped.summary).not.toContain('Last backups')
    expect(dumped.log).not.toContain('trend')
    expect(await bucket.list('manifests/app/')).toHaveLength(1)
    const drill = await runAction('verify-drill', {
      inputs,
      env: { ...labEnvironment(lab), ...strangerKeys },
    })
    expect(drill.annotations.map(({ title }) => title)).toEqual(['verify-drill: STORE_DENIED'])
  })

  it('has a restorer that can hold a drill, but not write a backup', async () => {
    await using source = await createDatabase(lab, TABLE)
    await using bucket = await createBucket(lab)
    const inputs = { database: 'app', destination: `s3://${bucket.name}` }
    await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs }))
    const Policy = grant('restorer-policy', bucket.name)
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))

    const drill = await runAction('verify-drill', {
      inputs,
      env: { ...labEnvironment(lab), ...strangerKeys },
    })

    expect(drill).toMatchObject({ exitCode: 0, outputs: { verdict: 'pass' } })
    const write = new PutObjectCommand({ Bucket: bucket.name, Key: 'manifests/app/forged.json', Body: '{}' })
    await expect(stranger.send(write)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
  })

  test.each(['writer-policy', 'restorer-policy'])('lets %s delete nothing', name => {
    expect(actionsOf(name).filter(action => /\*|Delete|Policy|Lifecycle/.test(action))).toEqual([])
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
