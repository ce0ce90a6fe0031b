import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import type { HostedDatabase } from './hosted.ts'
import type { ActionRun } from './runner.ts'

/** The first block of shell in a job summary, as its copy button gives it. */
export function shellBlockOf({ summary }: ActionRun): string {
  return /```sh\n(.*?)\n```/s.exec(summary)?.[1] ?? ''
}

/** Runs a script as an operator would: the password in the environment, in a directory of its own. */
export function runInShell(lab: Lab, target: HostedDatabase, script: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-printed-'))
  try {
    const env = { PATH: `${lab.postgres.binDir}:/usr/bin:/bin`, PGPASSWORD: new URL(target.url).password }
    return execFileSync('bash', ['-ec', script], {
      cwd: directory,
      env,
      encoding: 'utf8',
      // With a socket as input bash would take itself for a login from afar, and read .bashrc.
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}
