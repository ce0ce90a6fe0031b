import process from 'node:process'
import { OperatorError } from '../core/errors.ts'

/**
 * Turns the runner's cancel signals into an abort. The runner sends SIGINT, 7.5 s later SIGTERM and 2.5 s
 * after that kills the tree (actions/runner ProcessInvoker.cs), so listeners have 7.5 s to clean up.
 */
export function listenForCancellation(controller: AbortController): void {
  const cancel = () =>
    controller.abort(
      new OperatorError('CANCELLED', 'The job was cancelled.', { hint: 'Run it again when it suits you.' }),
    )
  process.on('SIGINT', cancel)
  process.on('SIGTERM', cancel)
}
