import { setTimeout as sleep } from 'node:timers/promises'
import { type Instance, renderInstance } from './instance.ts'
import { routeService } from './service-routes.ts'
import { type FakeState, notFound, paged, type Question, type Reply } from './state.ts'

/** Render recovers to no later instant. */
const LAG_MS = 10 * 60_000

export async function route(fake: FakeState, question: Question): Promise<Reply> {
  const { method, path } = question
  const [, kind, id = '', what = ''] = /^\/([\w-]+)(?:\/([\w-]+))?(?:\/(.*))?$/.exec(path) ?? []
  if (kind === 'environments') {
    const environment = fake.environments.get(id)
    return environment === undefined
      ? notFound(id)
      : { status: 200, body: { name: 'production', ...environment } }
  }
  if (kind === 'services' || kind === 'env-groups') return await routeService(fake, kind, id, what, question)
  if (kind !== 'postgres') return notFound(path)
  if (id === '') return listInstances(fake, question)
  const instance = fake.instances.get(id)
  if (instance === undefined) return notFound(id)
  return (await routeInstance(fake, instance, `${method} ${what}`.trim(), question)) ?? notFound(path)
}

function listInstances({ instances }: FakeState, { query }: Question): Reply {
  const names = query.getAll('name')
  const found = [...instances.values()].filter(({ name }) => names.length === 0 || names.includes(name))
  return paged(found, query, instance => ({ postgres: renderInstance(instance) }))
}

async function routeInstance(
  fake: FakeState,
  instance: Instance,
  call: string,
  { input }: Question,
): Promise<Reply | undefined> {
  switch (call) {
    case 'GET':
      return { status: 200, body: renderInstance(instance) }
    case 'PATCH':
      if (Array.isArray(input.ipAllowList)) fake.setAllowList(instance, input.ipAllowList)
      return { status: 200, body: renderInstance(instance) }
    case 'DELETE':
      fake.instances.delete(instance.id)
      await instance.close()
      return { status: 204 }
    case 'GET recovery':
      return {
        status: 200,
        body: {
          recoveryStatus: instance.recoveryStatus,
          ...(instance.recoveryStatus === 'AVAILABLE' && { startsAt: instance.startsAt.toISOString() }),
        },
      }
    case 'POST recovery':
      return await recover(fake, instance, input)
    case 'GET export':
      return { status: 200, body: instance.exports.length === 0 ? null : instance.exports }
    case 'GET connection-info':
      return { status: 200, body: connectionInfo(instance) }
    case 'POST suspend':
      instance.suspended = 'suspended'
      return { status: 202 }
    case 'POST resume':
      instance.suspended = 'not_suspended'
      return { status: 202 }
    default:
      return undefined
  }
}

function connectionInfo({ internalUrl, externalUrl }: Instance): object {
  return {
    password: new URL(externalUrl).password,
    internalConnectionString: internalUrl,
    externalConnectionString: externalUrl,
    psqlCommand: `psql ${externalUrl}`,
  }
}

async function recover(fake: FakeState, source: Instance, input: Question['input']): Promise<Reply> {
  const at = new Date(String(input.restoreTime))
  if (source.plan === 'free')
    return { status: 400, body: { message: 'recovery is not available on the free plan' } }
  if (at < source.startsAt || at.getTime() > Date.now() - LAG_MS)
    return { status: 400, body: { message: 'restoreTime is outside of the recovery window' } }
  const database = await fake.copies.recover(source.id, at)
  if (database === undefined) return { status: 500, body: { message: 'no backup' } }
  const instance = await fake.addInstance(database, {
    name: String(input.restoreName ?? `${source.name}-recovery`),
    plan: String(input.plan ?? source.plan),
    environmentId: typeof input.environmentId === 'string' ? input.environmentId : source.environmentId,
  })
  // Recorded: the answer says unknown, and the list is always copied.
  instance.status = 'unknown'
  instance.recoveryStatus = 'BACKUP_NOT_READY'
  fake.setAllowList(instance, source.ipAllowList ?? [])
  instance.effectiveAllowList = source.effectiveAllowList
  void walk(fake, instance)
  return { status: 200, body: renderInstance(instance) }
}

async function walk(fake: FakeState, instance: Instance): Promise<void> {
  for (const status of ['recovery_in_progress', 'creating']) {
    await sleep(fake.stepMs)
    instance.status = status
    if (fake.recoveryHangs) return
  }
  await sleep(fake.stepMs)
  instance.status = fake.recoveryFails ? 'recovery_failed' : 'available'
}
