import process from 'node:process'
import type { Log } from '../src/core/log.ts'

/** Progress goes to standard error: standard output of `lab up` is for the shell. */
export const labLog: Log = {
  info: text => void process.stderr.write(`lab: ${text}\n`),
  debug: () => undefined,
  warning: text => void process.stderr.write(`lab: warning: ${text}\n`),
  group: (_title, work) => work(),
}
