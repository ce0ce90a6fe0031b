import { isDeepStrictEqual } from 'node:util'
import type { WorkflowRun } from './act-run.ts'

/** Throws with the log of the run, so that a failure can be understood without running it again. */
export function expectJobs(run: WorkflowRun, jobs: WorkflowRun['jobs']): void {
  if (isDeepStrictEqual({ ...run.jobs }, { ...jobs })) return
  throw new Error(`Jobs: expected ${JSON.stringify(jobs)}, found ${JSON.stringify(run.jobs)}\n${run.log}`)
}

export function expectExit(run: WorkflowRun, good: boolean): void {
  if ((run.exitCode === 0) !== good)
    throw new Error(
      `The run ended with exit code ${run.exitCode}, ${good ? '0' : 'another than 0'} expected\n${run.log}`,
    )
}

/** Throws where the log lacks a text. */
export function expectLog(run: WorkflowRun, text: string): void {
  if (!run.log.includes(text)) throw new Error(`The log does not say "${text}":\n${run.log}`)
}

/** Throws where a password stands in the log. */
export function expectNoSecret(run: WorkflowRun, url: string): void {
  const { password } = new URL(url)
  if (password !== '' && run.log.includes(password))
    throw new Error(`The log holds the password of ${new URL(url).host}`)
}

export function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected))
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`)
}
