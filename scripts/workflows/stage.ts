import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import type { TestBucket } from '../../test/support/bucket.ts'
import { type ActOptions, runWorkflow, TOKEN, type WorkflowRun } from './act-run.ts'
import { makeCaller, type Rewrite, type Rewritten } from './copy.ts'
import { type FakeGithub, startFakeGithub } from './fake-github.ts'

/** What every scenario works with. */
export interface Stage {
  readonly lab: Lab
  readonly act: string
  /** The copy of this repository. */
  readonly suite: string
  /** Where callers are put. */
  readonly directory: string
  readonly rewritten: Rewritten
  readonly signal: AbortSignal
}

/** The GitHub that workflows of a scenario talk to. */
export const openGithub = () => startFakeGithub(TOKEN)

/** A repository that calls ours, with its secrets. */
export interface Caller {
  run(
    workflow: string,
    event: ActOptions['event'],
    secrets?: Readonly<Record<string, string>>,
    /** What was chosen at a start by hand. */
    inputs?: Readonly<Record<string, string>>,
  ): Promise<WorkflowRun>
}

/** What a caller differs in from what examples/ hold. */
export interface CallerOptions {
  readonly workflows: readonly string[]
  readonly bucket: TestBucket
  readonly github: FakeGithub
  readonly rewrites?: readonly Rewrite[]
  /** Added to the environment of the machine. */
  readonly env?: Readonly<Record<string, string>>
}

/** Puts workflows into a repository of their own, next to the files that they need. */
export function createCaller(
  stage: Stage,
  { workflows, bucket, github, rewrites = [], env = {} }: CallerOptions,
): Caller {
  const { lab, act, suite, signal, directory } = stage
  const home = mkdtempSync(join(directory, 'caller-'))
  const caller = join(home, 'logi')
  mkdirSync(caller)
  const files = { '.github/drill-criteria.yml': readFileSync('examples/logi/drill-criteria.yml', 'utf8') }
  const toBucket = {
    from: /s3:\/\/(?:logi|example)-backups\b/g,
    to: `s3://${bucket.name}`,
    toWhat: 's3://<bucket>',
    why: 'a bucket of the scenario’s own',
  }
  // Both stores are the lab's; the copy has a prefix of its own.
  const toCopy = {
    from: /s3:\/\/logi-backups-copy\b/g,
    to: `s3://${bucket.name}/second`,
    toWhat: 's3://<bucket>/second',
    why: 'a bucket of the scenario’s own',
  }
  const toStore = {
    from: /https:\/\/s3\.us-west-004\.backblazeb2\.com/g,
    to: lab.s3.endpoint,
    toWhat: 'http://127.0.0.1:<port>',
    why: 'the store of the lab',
  }
  makeCaller(caller, workflows, files, [toCopy, toBucket, toStore, ...rewrites], stage.rewritten)
  const keys = Object.fromEntries(
    ['BACKUP_AWS', 'DRILL_AWS', 'GATE_AWS', 'RESTORE_AWS', 'COPY', 'DRILL_COPY'].flatMap(role => [
      [`${role}_ACCESS_KEY_ID`, lab.s3.accessKeyId],
      [`${role}_SECRET_ACCESS_KEY`, lab.s3.secretAccessKey],
    ]),
  )
  const hooks = {
    OPS_WEBHOOK_URL: `${github.url}/webhook`,
    BACKUP_HEARTBEAT_URL: `${github.url}/heartbeat/backup`,
    DRILL_HEARTBEAT_URL: `${github.url}/heartbeat/drill`,
  }
  return {
    run: (workflow, event, secrets = {}, inputs = {}) =>
      runWorkflow({
        ...{ act, suite, caller, workflow, event, inputs, home, signal },
        secrets: { ...keys, ...hooks, ...secrets },
        // The examples are for AWS; the machine says where its S3 is instead, and its GitHub.
        env: { AWS_ENDPOINT_URL_S3: lab.s3.endpoint, GITHUB_API_URL: github.url, ...env },
        path: [lab.postgres.binDir],
      }),
  }
}
