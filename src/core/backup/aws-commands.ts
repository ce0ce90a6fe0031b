import { shellQuote } from '../text/shell-quote.ts'
import { THAW_DAYS } from './thaw.ts'

/** Where an object is, for a command of the aws CLI. */
export interface CliObject {
  readonly bucket: string
  readonly key: string
  /** A store other than AWS. */
  readonly endpoint: string | undefined
}

/** The aws option that names a store other than AWS, with a leading space; empty for AWS. */
export function endpointOption(endpoint: string | undefined): string {
  return endpoint === undefined ? '' : ` --endpoint-url ${shellQuote(endpoint)}`
}

/**
 * Removes an unfinished upload; undefined where the store gave it an id that the aws CLI reads from a file.
 * https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html
 */
export function renderAbortUpload(object: CliObject, uploadId: string): string | undefined {
  if (/^(file|fileb|https?):\/\//i.test(uploadId)) return undefined
  const option = uploadId.startsWith('-')
    ? shellQuote(`--upload-id=${uploadId}`)
    : `--upload-id ${shellQuote(uploadId)}`
  return `aws s3api abort-multipart-upload${objectOptions(object)} ${option}`
}

/** Brings an archived object back for some days. */
export function renderRestoreObject(object: CliObject): string {
  return `aws s3api restore-object${objectOptions(object)} --restore-request Days=${THAW_DAYS}`
}

function objectOptions({ bucket, key, endpoint }: CliObject): string {
  return `${endpointOption(endpoint)} --bucket ${bucket} --key ${shellQuote(key)}`
}
