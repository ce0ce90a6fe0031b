import { describe, expect, it } from 'vitest'
import { parseCopyLine, parseCredentialsName } from '../../../src/core/backup/copy-line.ts'

describe('a line of copies', () => {
  it('has settings with commas between, and blanks around them', () => {
    expect([...parseCopyLine('destination=s3://b/p , s3-region = eu-west-1,object-tags=a=b&c=d')]).toEqual([
      ['destination', 's3://b/p'],
      ['s3-region', 'eu-west-1'],
      ['object-tags', 'a=b&c=d'],
    ])
  })

  it.each([
    ['', 'expected name=value'],
    ['s3://bucket', 'expected name=value'],
    ['destination=', 'expected destination=s3://bucket'],
    ['s3-region=eu-west-1', 'expected destination=s3://bucket'],
    ['destination=s3://a,destination=s3://b', 'destination is set twice'],
    ['destination=s3://a,bucket=b', '"bucket" is no setting of a copy. Expected destination, s3-endpoint'],
    ['destination=s3://a,', 'expected name=value'],
    ['destination=s3://a,credentials=C,role-arn=arn:aws:iam::1:role/r', 'expected credentials or role-arn'],
  ])('%j is refused', (line, problem) => {
    expect(() => parseCopyLine(line)).toThrow(problem)
  })

  it.each(['secret-access-key', 'token', 'password', 'AWS_SECRET_ACCESS_KEY'])(
    'says where keys belong, and not what %s is',
    name => {
      const parse = () => parseCopyLine(`destination=s3://a,${name}=HUSH`)
      expect(parse).toThrow('Keys belong in environment variables')
      expect(parse).not.toThrow('HUSH')
    },
  )
})

describe('the name of credentials', () => {
  it.each(['COPY', 'B2_EU', 'X'])('may be %s', name => {
    expect(parseCredentialsName(name)).toBe(name)
  })

  it.each(['copy', 'A B', '2ND', 'AKIA/secret', ''])('may not be %j, and is not repeated', name => {
    expect(() => parseCredentialsName(name)).toThrow(/^expected a name such as COPY, in capitals: [^/]*$/)
  })
})
