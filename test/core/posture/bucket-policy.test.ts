import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { readPolicy, withTls } from '../../../src/core/posture/bucket-policy.ts'

const policy = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement })

const DENY = { Effect: 'Deny', Principal: '*', Resource: '*' }
const DELETES = { ...DENY, Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'] }

describe('a bucket policy', () => {
  it('of the example denies deletes and demands TLS', () => {
    const json = readFileSync('examples/aws-oidc/bucket-policy.json', 'utf8')
    expect(readPolicy(json)).toEqual({ deniesDeletes: true, demandsTls: true })
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
    ['nothing, it allows', { ...DELETES, Effect: 'Allow' }, false],
  ])('that denies %s', (_, statement, deniesDeletes) => {
    expect(readPolicy(policy(statement)).deniesDeletes).toBe(deniesDeletes)
  })

  it('gets the demand for TLS beside its own statements', () => {
    expect(readPolicy(withTls(undefined, 'b'))).toEqual({ deniesDeletes: false, demandsTls: true })
    expect(readPolicy(withTls(policy(DELETES), 'b'))).toEqual({ deniesDeletes: true, demandsTls: true })
  })
})
