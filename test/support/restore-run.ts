import { expect } from 'vitest'
import type { Lab } from '../../lab/lab.ts'
import type { TestBucket } from './bucket.ts'
import { dumpOptions, labEnvironment } from './dump.ts'
import type { HostedDatabase } from './hosted.ts'
import { type ActionOptions, type ActionRun, runAction } from './runner.ts'

/** Backs a database up as `logi`, with the content of every row in the manifest. Returns the backup's id. */
export async function dumpLogi(
  lab: Lab,
  from: { readonly url: string },
  to: TestBucket,
  inputs: Record<string, string> = {},
): Promise<string> {
  const run = await runAction(
    'dump-to-s3',
    dumpOptions(lab, from, to, { inputs: { database: 'logi', fingerprint: 'content', ...inputs } }),
  )
  expect(run.exitCode, run.log).toBe(0)
  return run.outputs['backup-id'] ?? ''
}

/**
 * Options for restore-from-s3 of the newest backup in that bucket; overwriting is confirmed. `inputs` win.
 */
export function restoreOptions(
  lab: Lab,
  target: HostedDatabase,
  bucket: TestBucket,
  inputs: Record<string, string> = {},
): ActionOptions {
  return {
    inputs: {
      'target-url': target.url,
      destination: `s3://${bucket.name}/backups`,
      database: 'logi',
      confirm: target.name,
      ...inputs,
    },
    env: labEnvironment(lab),
  }
}

/** Annotations about the restore. The lab's tools may be older than the newest security release. */
export function annotationsOf({ annotations }: ActionRun): ActionRun['annotations'] {
  return annotations.filter(({ message }) => !/^\S+ \S+ lacks security fixes of /.test(message))
}
