import { paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { renderCount } from '../../../src/core/text/bytes.ts'
import type { TestBucket } from '../../../test/support/bucket.ts'
import type { Stage } from '../stage.ts'

/** Lists what is in the bucket, with the leftovers that a plain listing does not show. */
export async function listBucket({ page }: Stage, bucket: TestBucket): Promise<void> {
  const rows: string[][] = []
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: bucket.client },
    { Bucket: bucket.name },
  ))
    for (const { Key = '', Size = 0, StorageClass = '' } of Contents)
      rows.push([Key, renderCount(Size), StorageClass])
  page.table([['Key', 'Bytes', 'Class'], ...rows])
  const open = await bucket.listMultipartUploads()
  if (open.length > 0) throw new Error(`${open.length} multipart uploads are still open and cost money`)
  page.say('\nNo multipart upload is open: nothing lies there that only the bill would show.')
}
