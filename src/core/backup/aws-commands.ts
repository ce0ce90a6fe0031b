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

export function renderAbortUpload(object: CliObject, uploadId: string): string {
  return `aws s3api abort-multipart-upload${objectOptions(object)} --upload-id ${shellQuote(uploadId)}`
}

/** Brings an archived object back for some days. */
export function renderRestoreObject(object: CliObject): string {
  return `aws s3api restore-object${objectOptions(object)} --restore-request Days=${THAW_DAYS}`
}

function objectOptions({ bucket, key, endpoint }: CliObject): string {
  return `${endpointOption(endpoint)} --bucket ${bucket} --key ${shellQuote(key)}`
}
