import type { RunningRestore } from './pg-restore.ts'

/** Several pg_restores as one, done when all are. The first failure is that of all; disposing stops all. */
export function sideBySide(running: readonly RunningRestore[]): RunningRestore {
  const stack = new AsyncDisposableStack()
  for (const one of running) stack.use(one)
  const finished = Promise.all(running.map(one => one.finished)).then(warnings => warnings.flat())
  // A caller that stops early may never look at the outcome.
  finished.catch(() => {})
  return {
    finished,
    get currentItem() {
      return running.find(({ currentItem }) => currentItem !== undefined)?.currentItem
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
