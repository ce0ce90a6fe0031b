import { theLab } from './lab.ts'

/** The keys of a second store, as a workflow gives them to the step. */
export function copyKeys(keys: { accessKeyId: string; secretAccessKey: string } = theLab().s3) {
  return { COPY_ACCESS_KEY_ID: keys.accessKeyId, COPY_SECRET_ACCESS_KEY: keys.secretAccessKey }
}

/** A line of the input copies. */
export function copyLine({ name }: { readonly name: string }, endpoint = theLab().s3.endpoint): string {
  return `destination=s3://${name}/second,s3-endpoint=${endpoint},credentials=COPY,storage-class=STANDARD`
}
