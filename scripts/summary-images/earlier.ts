import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { canonicalJson } from '../../src/core/json/canonical.ts'
import type { TestBucket } from '../../test/support/bucket.ts'

/** Sizes and durations of the runs before, as parts of those of the one that they are made of. */
const SIZES = [0.86, 0.88, 0.89, 0.92, 0.94, 0.95, 0.98]
const DURATIONS = [0.91, 0.88, 1.04, 0.93, 1.31, 0.97, 1.02]

/** A day between two of them; drills and gates are no daily matter, but a picture does not care. */
const APART_MS = 86_400_000

/**
 * Puts copies of the newest record below a prefix in its place: one a day before, each with a size and a
 * duration of its own.
 */
export async function pretendEarlier(
  { client, name: Bucket, ...bucket }: TestBucket,
  prefix: string,
): Promise<void> {
  const newest = (await bucket.list(prefix)).at(-1) ?? ''
  const record = (await bucket.read(newest)).toString()
  for (const [i, size] of SIZES.entries()) {
    const daysAgo = SIZES.length - i
    const shifted = shift(record, daysAgo * APART_MS)
    const copy = JSON.parse(shifted)
    const object = copy.object ?? copy.backup
    object.bytes = Math.round(object.bytes * size)
    for (const [what, ms] of Object.entries(copy.durations))
      if (typeof ms === 'number') copy.durations[what] = Math.round(ms * (DURATIONS[i] ?? 1))
    const Key = shift(newest, daysAgo * APART_MS)
    await client.send(new PutObjectCommand({ Bucket, Key, Body: canonicalJson(copy) }))
  }
  await client.send(new DeleteObjectCommand({ Bucket, Key: newest }))
}

/** Every instant in a text, as a name has it or a record, so much earlier. */
function shift(text: string, ms: number): string {
  return text
    .replace(/\b(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/g, (_, y, mo, d, h, mi, s) =>
      new Date(Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`) - ms).toISOString().replace(/[-:]|\.\d+/g, ''),
    )
    .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, instant => new Date(Date.parse(instant) - ms).toISOString())
}
