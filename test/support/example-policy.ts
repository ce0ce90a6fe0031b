import { readFileSync } from 'node:fs'

/** A file of the example, for another bucket. */
export function example(name: string, bucket = 'example-backups') {
  return JSON.parse(
    readFileSync(`examples/aws-oidc/${name}.json`, 'utf8').replaceAll('example-backups', bucket),
  )
}

/** What a role is allowed, as a bucket policy for the lab's user without rights. */
export function grant(name: string, bucket: string): string {
  const { Version, Statement } = example(name, bucket)
  return JSON.stringify({
    Version,
    Statement: Statement.map((statement: object) => ({ ...statement, Principal: { AWS: ['*'] } })),
  })
}
