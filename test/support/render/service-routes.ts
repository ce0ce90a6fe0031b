import { type FakeDeploy, type FakeGroup, type FakeService, renderService, walkDeploy } from './service.ts'
import { type FakeState, newId, notFound, paged, type Question, type Reply } from './state.ts'

export async function routeService(
  fake: FakeState,
  kind: string,
  id: string,
  what: string,
  question: Question,
): Promise<Reply> {
  const [part = '', key = ''] = what.split('/')
  const call = `${question.method} ${part}`.trim()
  if (kind === 'env-groups') {
    const group = fake.groups.get(id)
    return group === undefined ? notFound(id) : routeGroup(group, call, decodeURIComponent(key), question)
  }
  const service = fake.services.get(id)
  if (service === undefined) return notFound(id)
  return answer(fake, service, call, decodeURIComponent(key), question) ?? notFound(what)
}

function routeGroup(group: FakeGroup, call: string, key: string, { input }: Question): Reply {
  const { id, name, variables, serviceIds } = group
  if (call === 'PUT env-vars') {
    variables.set(key, String(input.value))
    return { status: 200, body: { key, value: input.value } }
  }
  const envVars = [...variables].map(([key, value]) => ({ key, value }))
  const serviceLinks = serviceIds.map(id => ({ id, name: id, type: 'web_service' }))
  return { status: 200, body: { id, name, ownerId: 'tea-logi', envVars, secretFiles: [], serviceLinks } }
}

function answer(
  fake: FakeState,
  service: FakeService,
  call: string,
  key: string,
  { input, query }: Question,
): Reply | undefined {
  switch (call) {
    case 'GET':
      return { status: 200, body: renderService(service) }
    case 'PATCH':
      service.maintenance = maintenanceIn(input) ?? service.maintenance
      return { status: 200, body: renderService(service) }
    case 'GET env-vars':
      return paged([...service.variables], query, ([key, value]) => ({ envVar: { key, value } }))
    case 'PUT env-vars':
      service.variables.set(key, String(input.value))
      return { status: 200, body: { key, value: input.value } }
    case 'POST suspend':
      service.suspended = 'suspended'
      return { status: 202 }
    case 'POST resume':
      service.suspended = 'not_suspended'
      return { status: 202 }
    case 'POST deploys':
      return startDeploy(fake, service)
    case 'GET deploys':
      return readDeploys(service, key, query)
    default:
      return undefined
  }
}

function maintenanceIn({ serviceDetails }: Question['input']): boolean | undefined {
  const mode = Object(Object(serviceDetails).maintenanceMode)
  return typeof mode.enabled === 'boolean' ? mode.enabled : undefined
}

function startDeploy(fake: FakeState, service: FakeService): Reply {
  if (service.suspended === 'suspended') return { status: 409, body: { message: 'the service is suspended' } }
  const linked = [...fake.groups.values()].filter(({ serviceIds }) => serviceIds.includes(service.id))
  const variables = new Map([...linked.flatMap(group => [...group.variables]), ...service.variables])
  const createdAt = new Date().toISOString()
  const deploy: FakeDeploy = { id: newId('dep'), status: 'created', trigger: 'api', createdAt }
  service.deploys.push(deploy)
  void walkDeploy(service, deploy, variables, fake.stepMs)
  return fake.isBusy ? { status: 202 } : { status: 201, body: deploy }
}

function readDeploys(service: FakeService, id: string, query: URLSearchParams): Reply {
  if (id !== '') {
    const deploy = service.deploys.find(candidate => candidate.id === id)
    return deploy === undefined ? notFound(id) : { status: 200, body: deploy }
  }
  const after = query.get('createdAfter') ?? ''
  const found = service.deploys.filter(({ createdAt }) => createdAt > after).toReversed()
  return paged(found, query, deploy => ({ deploy }))
}
