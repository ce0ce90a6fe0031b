import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { type RecoveredInstance, reasonNotToDelete } from '../../core/render/ownership.ts'
import type { RenderDatabase } from '../../core/render/resources.ts'
import type { RenderDatabases } from '../../render/databases.ts'

interface DeleteDeps {
  readonly databases: Pick<RenderDatabases, 'read' | 'list' | 'delete'>
  readonly log: Log
}

/** Deletes an instance that this run made. Each mark of ownership is read from the API just before. */
export async function deleteRecovered(
  id: string,
  ours: RecoveredInstance,
  { databases, log }: DeleteDeps,
): Promise<void> {
  const found = await readIfThere(id, databases)
  if (found === undefined) return log.info(`${id} is already gone.`)
  const reason = reasonNotToDelete(found, ours)
  if (reason !== undefined || found.id !== id)
    throw new OperatorError(
      'RECOVERY_NOT_DELETED',
      `${id} was not deleted: ${reason ?? `Render answered with ${found.id}`}.`,
      {
        hint: `Look at ${id} in the dashboard of Render, and delete it there if it is a leftover.`,
      },
    )
  await databases.delete(id)
  if ((await readIfThere(id, databases)) !== undefined)
    throw new OperatorError(
      'RECOVERY_NOT_DELETED',
      `${found.name} (${id}) is still there after it was deleted.`,
      {
        hint: `Delete ${id} in the dashboard of Render: it costs money.`,
      },
    )
  log.info(`Deleted ${found.name} (${id}).`)
}

/** Deletes what a run made, also where it died before it knew the id: then the name finds it. */
export async function deleteLeftRecovery(
  ours: RecoveredInstance,
  id: string | undefined,
  deps: DeleteDeps,
): Promise<void> {
  if (id !== undefined) return await deleteRecovered(id, ours, deps)
  for (const found of await deps.databases.list(ours.name)) await deleteRecovered(found.id, ours, deps)
}

async function readIfThere(
  id: string,
  databases: Pick<RenderDatabases, 'read'>,
): Promise<RenderDatabase | undefined> {
  try {
    return await databases.read(id)
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'RENDER_NOT_FOUND') return undefined
    throw error
  }
}
