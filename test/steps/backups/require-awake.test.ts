import { describe, expect, it } from 'vitest'
import type { OperatorError } from '../../../src/core/errors.ts'
import { requireAwake, type ThawDeps } from '../../../src/steps/backups/require-awake.ts'
import { createBucket } from '../../support/bucket.ts'
import { theLab } from '../../support/lab.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'
import { openStore, type TestStore } from '../../support/storage/test-store.ts'

const AT = new Date('2026-12-01T08:00:00Z')
const RUN = { repository: 'example/app', workflow: 'drill', runId: '7', runAttempt: '1', commit: 'abc' }

describe('an archive that sleeps', () => {
  const lab = theLab()

  async function wake({ store }: TestStore, isUnderWay: boolean) {
    const asked: string[] = []
    const archive = { key: SAMPLE.object.key, versionId: null, storageClass: 'GLACIER', isUnderWay }
    const deps: ThawDeps = {
      store,
      findSleeping: async () => archive,
      askForThaw: async (_, tier) => void asked.push(tier),
      now: () => AT,
      log: store.log,
    }
    const request = { manifest: SAMPLE, tier: 'standard', nonce: '1a2b3c4d', run: RUN } as const
    const location = { prefix: '', database: 'app' }
    const error: OperatorError = await requireAwake({ ...request, location }, deps).then(
      () => expect.unreachable(),
      reason => reason,
    )
    return { asked, code: error.code, text: `${error.message} ${error.hint}` }
  }

  it('is asked for once; a run before it is there says when and by whom', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)

    const first = await wake(test, false)
    const second = await wake(test, true)

    expect(first).toMatchObject({ asked: ['standard'], code: 'ARCHIVE_THAWING' })
    expect(second).toMatchObject({ asked: [], code: 'ARCHIVE_THAWING' })
    for (const { text } of [first, second]) {
      expect(text).toContain('asked for at 2026-12-01T08:00:00.000Z by run 7 (standard: 3 to 5 hours')
      expect(text).toContain('Run this again after 2026-12-01T13:00:00.000Z')
    }
    expect(await bucket.list()).toEqual(['thaws/app/20261201T080000Z-1a2b3c4d.json'])
  })

  it('that another tool asked for has no time', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)

    expect((await wake(test, true)).text).toContain('Run this again in some hours')
  })

  it('is on its way also where the request cannot be recorded', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name, { keys: lab.s3.stranger })

    expect(await wake(test, false)).toMatchObject({ asked: ['standard'], code: 'ARCHIVE_THAWING' })
    expect(test.lines.join('\n')).toContain('The request is not recorded in')
  })
})
