/**
 * Waits until every one has ended, also after a failure: then nothing still reads a database that the failure
 * is about to remove. Throws the first failure in the order given.
 */
export async function settleAll<T extends readonly unknown[]>(
  tasks: {
    readonly [K in keyof T]: Promise<T[K]>
  },
): Promise<T> {
  await Promise.allSettled(tasks)
  return (await Promise.all(tasks)) as unknown as T
}
