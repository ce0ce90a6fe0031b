import { OperatorError } from '../core/errors.ts'

/**
 * Waits until every task has ended; the first failure stops the others through `stop`. Throws the cause.
 */
export async function awaitTasks(
  tasks: readonly Promise<void>[],
  job: AbortSignal,
  stop: AbortController,
): Promise<void> {
  const failures: unknown[] = []
  await Promise.all(
    tasks.map(task =>
      task.catch(error => {
        failures.push(error)
        stop.abort(error)
      }),
    ),
  )
  if (failures.length > 0) throw causeOf(failures, job)
}

/**
 * What ended tasks that stop each other: the first failure. Where the job ended first, a task that was
 * waiting for the store knows more than the job: its words.
 */
export function causeOf(failures: readonly unknown[], job: AbortSignal): unknown {
  const [first] = failures
  return isOf(first, job)
    ? (failures.find(error => error !== job.reason && isOf(error, job)) ?? first)
    : first
}

/** The reason of a signal, or that reason with more words (interrupted in retry.ts). */
function isOf(error: unknown, { aborted, reason }: AbortSignal): boolean {
  if (!aborted) return false
  if (error === reason) return true
  return error instanceof OperatorError && reason instanceof OperatorError && error.code === reason.code
}
