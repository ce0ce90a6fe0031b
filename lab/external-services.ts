import type { LabPostgres, LabS3 } from './addresses.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** An existing Postgres, from the usual variables: PGHOST decides. Its user must be a superuser. */
export function givenPostgres(binDir: string, env: Variables): LabPostgres | undefined {
  if (!env.PGHOST) return undefined
  return {
    origin: 'given',
    host: env.PGHOST,
    port: Number(env.PGPORT || 5432),
    user: env.PGUSER || 'postgres',
    password: env.PGPASSWORD ?? '',
    caFile: env.PGSSLROOTCERT ?? '',
    binDir,
  }
}

/** An existing store: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL decides, so no account is used by accident. */
export function givenS3(env: Variables): LabS3 | undefined {
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL
  if (!endpoint) return undefined
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (!accessKeyId || !secretAccessKey) {
    throw new Error(
      `AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL names ${endpoint}, so AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY ` +
        'are needed too. Set them, or unset the endpoint to let the lab start its own store.',
    )
  }
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1'
  // Unknown to every store, which refuses it like a user without rights.
  const stranger = { accessKeyId: 'UNKNOWNACCESSKEY0001', secretAccessKey: 'a-secret-that-belongs-to-nobody' }
  return { origin: 'given', endpoint, region, accessKeyId, secretAccessKey, stranger }
}
