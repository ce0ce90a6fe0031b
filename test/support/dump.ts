import { delimiter } from 'node:path'
import process from 'node:process'
import type { Lab } from '../../lab/lab.ts'
import type { ActionOptions } from './runner.ts'

/**
 * What a step needs to reach the lab: credentials as a workflow would export them, and the tools on the PATH.
 */
export function labEnvironment(lab: Lab): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_S3: lab.s3.endpoint,
    AWS_REGION: lab.s3.region,
    AWS_ACCESS_KEY_ID: lab.s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: lab.s3.secretAccessKey,
    PATH: [lab.postgres.binDir, process.env.PATH].join(delimiter),
  }
}

/** Options for a run of dump-to-s3 from that database into that bucket; `inputs` and `env` win. */
export function dumpOptions(
  lab: Lab,
  from: { readonly url: string },
  to: { readonly name: string },
  { inputs = {}, env = {}, ...others }: ActionOptions = {},
): ActionOptions {
  return {
    inputs: { 'database-url': from.url, destination: `s3://${to.name}/backups`, ...inputs },
    env: { ...labEnvironment(lab), ...env },
    ...others,
  }
}
