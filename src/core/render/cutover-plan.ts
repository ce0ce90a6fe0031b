import { type DatabaseDoors, moveValue } from './move-url.ts'
import type { EnvironmentVariable, RenderService } from './resources.ts'

/** A service or an environment group, and its variables. */
export interface VariableOwner {
  readonly id: string
  readonly name: string
  readonly variables: readonly EnvironmentVariable[]
  /** Services that the variables reach: the service itself, or those linked to the group. */
  readonly serviceIds: readonly string[]
}

/** One variable that leads to the old database. */
export interface CutoverVariable {
  readonly ownerId: string
  readonly ownerName: string
  readonly key: string
  readonly door: 'internal' | 'external'
}

/** How a service is kept from writing: its public address answers 503, or it does not run. */
type FreezeMode = 'maintenance' | 'suspend'

export interface CutoverService {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly freeze: FreezeMode
  /** It was frozen before the cutover, and stays so. */
  readonly wasFrozen: boolean
}

export interface CutoverPlan {
  readonly variables: readonly CutoverVariable[]
  readonly services: readonly CutoverService[]
}

/** Plans a cutover from the old database to the new one, or lists every problem. */
export function planCutover(
  from: DatabaseDoors,
  to: DatabaseDoors,
  services: readonly RenderService[],
  owners: readonly VariableOwner[],
): { readonly plan: CutoverPlan; readonly problems: readonly string[] } {
  const uses = owners.flatMap(owner => findUses(owner, from, to))
  const variables = uses.flatMap(use => use.variable ?? [])
  const problems = uses.flatMap(use => use.problem ?? [])
  const reached = new Set(
    owners
      .filter(({ id }) => variables.some(({ ownerId }) => ownerId === id))
      .flatMap(({ serviceIds }) => serviceIds),
  )
  return {
    plan: { variables, services: services.filter(({ id }) => reached.has(id)).map(toCutoverService) },
    problems: [...problems, ...serviceProblems(services, reached, variables.length)],
  }
}

function findUses(owner: VariableOwner, from: DatabaseDoors, to: DatabaseDoors) {
  return owner.variables.map(({ key, value }) => {
    const moved = moveValue(value, from, to)
    const place = `${key} of ${owner.name} (${owner.id})`
    if (moved.kind === 'stuck') return { problem: `${place} cannot be moved: ${moved.reason}` }
    if (moved.kind !== 'move') return {}
    return { variable: { ownerId: owner.id, ownerName: owner.name, key, door: moved.door } }
  })
}

function serviceProblems(
  services: readonly RenderService[],
  reached: ReadonlySet<string>,
  count: number,
): readonly string[] {
  const named = new Set(services.map(({ id }) => id))
  const silent = services.filter(({ id }) => !reached.has(id))
  const unnamed = [...reached].filter(id => !named.has(id))
  const built = services.filter(({ id, type }) => reached.has(id) && type === 'static_site')
  return [
    ...(count === 0 ? ['no variable of the services and groups leads to the old database'] : []),
    ...(count === 0
      ? []
      : silent.map(({ name, id }) => `no variable of ${name} (${id}) leads to the old database`)),
    ...unnamed.map(id => `a group reaches ${id} too: name it in service-ids, or unlink it`),
    ...built.map(
      ({ name, id }) =>
        `${name} (${id}) is a static site: the URL is in what was built, and a deploy keeps that`,
    ),
  ]
}

function toCutoverService(service: RenderService): CutoverService {
  const { id, name, type, suspended, serviceDetails } = service
  const isSuspended = suspended === 'suspended'
  const isInMaintenance = serviceDetails?.maintenanceMode?.enabled === true
  const freeze = type === 'web_service' ? 'maintenance' : 'suspend'
  return { id, name, type, freeze, wasFrozen: isSuspended || (freeze === 'maintenance' && isInMaintenance) }
}

/** One step of a cutover, or of its undoing. */
export type CutoverStep =
  | { readonly kind: 'freeze' | 'unfreeze'; readonly service: CutoverService }
  | { readonly kind: 'deploy'; readonly service: CutoverService }
  | { readonly kind: 'variable'; readonly variable: CutoverVariable }
  | { readonly kind: 'copy-allow-list' | 'check-health' | 'suspend-database' | 'resume-database' }

export type CutoverDirection = 'forward' | 'undo'

/**
 * The steps in their order. A web service is deployed while its public address answers 503, and opened before
 * the health check, which would see the 503. Then the old database is suspended, before workers run again:
 * whether a service that is resumed has the variables of its next deploy is not documented, and a worker must
 * not write to the old database. Undone, the old database is resumed first.
 */
export function stepsOf(
  { services, variables }: CutoverPlan,
  direction: CutoverDirection,
): readonly CutoverStep[] {
  const moving = services.filter(({ wasFrozen }) => !wasFrozen)
  const web = moving.filter(({ freeze }) => freeze === 'maintenance')
  const workers = moving.filter(({ freeze }) => freeze === 'suspend')
  const step = (kind: 'freeze' | 'unfreeze' | 'deploy') => (service: CutoverService) => ({ kind, service })
  const needsList = direction === 'forward' && variables.some(({ door }) => door === 'external')
  return [
    ...(direction === 'undo' ? [{ kind: 'resume-database' } as const] : []),
    ...moving.map(step('freeze')),
    ...(needsList ? [{ kind: 'copy-allow-list' } as const] : []),
    ...variables.map(variable => ({ kind: 'variable', variable }) as const),
    ...web.flatMap(service => [step('deploy')(service), step('unfreeze')(service)]),
    ...(web.length === 0 ? [] : [{ kind: 'check-health' } as const]),
    ...(direction === 'forward' ? [{ kind: 'suspend-database' } as const] : []),
    ...workers.flatMap(service => [step('unfreeze')(service), step('deploy')(service)]),
  ]
}

/** For people and for the record: `deploy logi-server (srv-…)`. */
export function renderStep(step: CutoverStep): string {
  switch (step.kind) {
    case 'variable':
      return `set ${step.variable.key} of ${step.variable.ownerName} (${step.variable.ownerId})`
    case 'freeze':
    case 'unfreeze':
    case 'deploy':
      return `${step.kind} ${step.service.name} (${step.service.id})`
    case 'copy-allow-list':
      return 'give the new database the allow list of the old one'
    case 'check-health':
      return 'check the health of the service'
    case 'suspend-database':
      return 'suspend the old database'
    case 'resume-database':
      return 'resume the old database'
  }
}
