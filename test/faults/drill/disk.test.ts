import { rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { copyBackup, QUICK } from '../../support/drill-rig.ts'
import { runAction } from '../../support/runner.ts'
import { useDrillRig } from '../../support/use-drill-rig.ts'
import { onSmallDisk } from '../../support/wrapped-action.ts'

describe('a drill on a small disk', () => {
  const given = useDrillRig({ quick: QUICK })

  it('says before the download that archive and database will not fit', async () => {
    const bucket = await given.rig.newBucket()
    await copyBackup(given.quick, bucket, manifest => ({
      ...manifest,
      server: { ...manifest.server, databaseBytes: 10 ** 15 },
    }))

    const run = await runAction('verify-drill', given.rig.options({ bucket }))

    const message = await given.rig.expectNotHeld(run, { bucket }, 'DISK_FULL')
    expect(message).toMatch(/909(\.\d)? TiB|free/)
    expect(run.log).not.toContain('Downloaded')
  })

  it('says that the disk is full when it fills up during the restore', async () => {
    const { bucket } = await given.rig.backUp(
      `CREATE TABLE wide (id int, body text STORAGE PLAIN);
       INSERT INTO wide SELECT i, repeat('x', 1900) FROM generate_series(1, 80000) AS i`,
    )
    await copyBackup({ bucket }, bucket, manifest => ({
      ...manifest,
      server: { ...manifest.server, databaseBytes: 1 },
    }))
    const { directory, ...wrapped } = await onSmallDisk('verify-drill', '160m')

    const run = await runAction('verify-drill', given.rig.options({ bucket }, wrapped))
    await rm(directory, { recursive: true })

    const message = await given.rig.expectNotHeld(run, { bucket }, 'DISK_FULL')
    expect(message).toContain('No space left on device')
    expect(run.log).toContain('LEFT ON THE DISK: nothing')
  })
})
