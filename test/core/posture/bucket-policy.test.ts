import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { readPolicy, withTls } from '../../../src/core/posture/bucket-policy.ts'

const policy = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement })

const PLACE = { bucket: 'b', prefix: 'team/x' }
const DENY = { Effect: 'Deny', Principal: '*', Resource: '*' }
const DELETES = { ...DENY, Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'] }

describe('a bucket policy', () => {
  it('of the example denies deletes and demands TLS', () => {
    const json = readFileSync('examples/aws-oidc/bucket-policy.json', 'utf8')
    expect(readPolicy(json, { bucket: 'example-backups', prefix: '' })).toEqual({
      deniesDeletes: true,
      demandsTls: true,
    })
  })

  test.each([
    ['all deletes', DELETES, true],
    ['deletes by a pattern', { ...DENY, Action: 's3:Delete*' }, true],
    ['all but one role', { ...DELETES, Condition: { ArnNotLike: { 'aws:PrincipalArn': 'arn:x' } } }, true],
    ['only deletes without version', { ...DENY, Action: 's3:DeleteObject' }, false],
    ['deletes of one user', { ...DELETES, Principal: { AWS: 'arn:aws:iam::1:user/a' } }, false],
    [
      'deletes from one network',
      { ...DELETES, Condition: { IpAddress: { 'aws:SourceIp': '1.1.1.1' } } },
      false,
    ],
    ['deletes in this bucket', { ...DELETES, Resource: 'arn:aws:s3:::b/*' }, true],
    ['deletes below the prefix', { ...DELETES, Resource: ['arn:aws-cn:s3:::b/team/x/*'] }, true],
    ['deletes of archives only', { ...DELETES, Resource: 'arn:aws:s3:::b/team/x/archives/*' }, false],
    ['deletes in another bucket', { ...DELETES, Resource: 'arn:aws:s3:::bb/*' }, false],
    ['deletes of the bucket alone', { ...DELETES, Resource: 'arn:aws:s3:::b' }, false],
    ['deletes of all but some', { ...DELETES, Resource: undefined, NotResource: 'arn:aws:s3:::b/x' }, false],
    ['nothing, it allows', { ...DELETES, Effect: 'Allow' }, false],
  ])('that denies %s', (_, statement, deniesDeletes) => {
    expect(readPolicy(policy(statement), PLACE).deniesDeletes).toBe(deniesDeletes)
  })

  it('that is not JSON is a RangeError', () => {
    expect(() => readPolicy('no', PLACE)).toThrow(RangeError)
    expect(() => readPolicy('[]', PLACE)).toThrow(RangeError)
  })

  it('gets the demand for TLS beside its own statements', () => {
    expect(readPolicy(withTls(undefined, 'b'), PLACE)).toEqual({ deniesDeletes: false, demandsTls: true })
    expect(readPolicy(withTls(policy(DELETES), 'b'), PLACE)).toEqual({
      deniesDeletes: true,
      demandsTls: true,
    })
  })
})
