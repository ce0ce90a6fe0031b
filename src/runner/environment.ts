import { tmpdir } from 'node:os'
import process from 'node:process'
import { registerSecretVariables } from './secrets.ts'

/** Facts about the run, for manifests and records. All empty strings outside GitHub Actions. */
export interface GithubRun {
  readonly repository: string
  readonly workflow: string
  readonly runId: string
  readonly runAttempt: string
  readonly commit: string
  readonly serverUrl: string
}

/** The process environment as it was at the start; only src/runner reads process.env. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** RUNNER_TEMP, or the system's temporary directory. */
  readonly tempRoot: string
  readonly platform: NodeJS.Platform
  readonly arch: string
  readonly run: GithubRun
}

export function readEnvironment(): Environment {
  const variables = { ...process.env }
  registerSecretVariables(variables)
  return Object.freeze({
    variables,
    tempRoot: variables.RUNNER_TEMP || tmpdir(),
    platform: process.platform,
    arch: process.arch,
    run: {
      repository: variables.GITHUB_REPOSITORY ?? '',
      workflow: variables.GITHUB_WORKFLOW ?? '',
      runId: variables.GITHUB_RUN_ID ?? '',
      runAttempt: variables.GITHUB_RUN_ATTEMPT ?? '',
      commit: variables.GITHUB_SHA ?? '',
      serverUrl: variables.GITHUB_SERVER_URL ?? '',
    },
  })
}
