import { parseConnectionUrl } from '../../core/pg/connection.ts'
import { type CutoverPlan, planCutover, type VariableOwner } from '../../core/render/cutover-plan.ts'
import type { DatabaseDoors } from '../../core/render/move-url.ts'
import type { RenderDatabase, RenderService } from '../../core/render/resources.ts'
import { maskSecret } from '../../runner/secrets.ts'
import type { Render } from '../../wiring/render-inputs.ts'
import type { CutoverInputs } from './inputs.ts'

/** Both databases, and how they are reached. */
export interface CutoverSides {
  readonly old: RenderDatabase
  readonly fresh: RenderDatabase
  readonly oldDoors: DatabaseDoors
  readonly freshDoors: DatabaseDoors
}

export async function readSides(
  { oldId, newId }: Pick<CutoverInputs, 'oldId' | 'newId'>,
  render: Render,
): Promise<CutoverSides> {
  const [old, fresh] = [await render.databases.read(oldId), await render.databases.read(newId)]
  return {
    ...{ old, fresh },
    oldDoors: await readDoors(oldId, render),
    freshDoors: await readDoors(newId, render),
  }
}

async function readDoors(id: string, { databases }: Render): Promise<DatabaseDoors> {
  const { internal, external } = await databases.readConnectionUrls(id)
  for (const url of [internal, external]) maskSecret(url.reveal())
  const doors = {
    id,
    internal: parseConnectionUrl(internal.reveal()),
    external: parseConnectionUrl(external.reveal()),
  }
  if (doors.external.password !== undefined) maskSecret(doors.external.password.reveal())
  return doors
}

/** Finds the variables by reading those of every service and group. */
export async function readPlan(
  { serviceIds, groupIds }: Pick<CutoverInputs, 'serviceIds' | 'groupIds'>,
  { oldDoors, freshDoors }: CutoverSides,
  { services }: Render,
): Promise<{ readonly plan: CutoverPlan; readonly problems: readonly string[] }> {
  const found: RenderService[] = []
  const owners: VariableOwner[] = []
  for (const id of serviceIds) {
    const service = await services.read(id)
    found.push(service)
    owners.push({ id, name: service.name, variables: await services.listVariables(id), serviceIds: [id] })
  }
  for (const id of groupIds) {
    const { name, envVars, serviceLinks } = await services.readGroup(id)
    owners.push({ id, name, variables: envVars, serviceIds: serviceLinks.map(link => link.id) })
  }
  return planCutover(oldDoors, freshDoors, found, owners)
}
