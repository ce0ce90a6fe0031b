import { rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backup, copyBackup, DrillRig, QUICK } from '../../support/drill-rig.ts'
import { runAction } from '../../support/runner.ts'
import { onSmallDisk } from '../../support/wrapped-action.ts'

describe('a drill on a small disk', () => {
  let rig: DrillRig
  let quick: Backup

  beforeAll(async () => {
    rig = await DrillRig.start()
    quick = await rig.backUp(QUICK)
  })
  afterEach(() => rig.removeDrills())
  afterAll(() => rig[Symbol.asyncDispose]())

  it('says before the download that archive and database will not fit', async () => {
    const bucket = await rig.newBucket()
    await copyBackup(quick, bucket, manifest => ({
      ...manifest,
      server: { ...manifest.server, databaseBytes: 10 ** 15 },
    }))

    const run = await runAction('verify-drill', rig.options({ bucket }))

    const message = await rig.expectNotHeld(run, { bucket }, 'DISK_FULL')
    expect(message).toMatch(/909(\.\d)? TiB|free/)
    expect(run.log).not.toContain('Downloaded')
  })

  it('says that the disk is full when it fills up during the restore', async () => {
    const { bucket } = await rig.backUp(
      `CREATE TABLE wide (id int, body text STORAGE PLAIN);
       INSERT INTO wide SELECT i, repeat('x', 1900) FROM generate_series(1, 80000) AS i`,
    )
    await copyBackup({ bucket }, bucket, manifest => ({
      ...manifest,
      server: { ...manifest.server, databaseBytes: 1 },
    }))
    const { directory, ...wrapped } = await onSmallDisk('verify-drill', '160m')

    const run = await runAction('verify-drill', rig.options({ bucket }, wrapped))
    await rm(directory, { recursive: true })

    const message = await rig.expectNotHeld(run, { bucket }, 'DISK_FULL')
    expect(message).toContain('No space left on device')
    expect(run.log).toContain('LEFT ON THE DISK: nothing')
  })
})
