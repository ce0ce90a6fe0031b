import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../../../lab/lab.ts'
import { Copies } from './copies.ts'
import { type Fault, Faults } from './faults.ts'
import { admits, DoorKeeper, type Instance } from './instance.ts'
import { route } from './routes.ts'
import { type FakeGroup, type FakeService, type ServiceOptions, startService } from './service.ts'
import type { FakeState, Reply } from './state.ts'

export const RENDER_KEY = 'rnd_key_of_the_operators'

/** A call that the fake has seen. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly status: number
}

/** How fast things go, and what goes wrong. */
export interface FakeOptions {
  /** One step of a status walk. */
  readonly stepMs?: number
  /** How long an allow list takes to be in force. */
  readonly propagationMs?: number
  /** A pause in front of every answer, different each time. */
  readonly delayMs?: () => number
}

/**
 * Render, as far as its API was recorded (docs: facts of issue 14), as a real HTTP server. Its instances are
 * databases of the lab, its allow lists decide who may connect, and its web services answer from their
 * databases.
 */
export class FakeRender implements FakeState, AsyncDisposable {
  readonly calls: Call[] = []
  readonly instances = new Map<string, Instance>()
  readonly services = new Map<string, FakeService>()
  readonly groups = new Map<string, FakeGroup>()
  readonly environments = new Map<string, { readonly id: string; protectedStatus: string }>()
  readonly faults = new Faults()
  readonly copies: Copies
  readonly stepMs: number
  readonly propagationMs: number
  /** Where the walk of a recovery ends; true ends it with `recovery_failed`. */
  recoveryFails = false
  /** The walk of a recovery never ends. */
  recoveryHangs = false
  /** A deploy is only queued: the answer is 202 and empty. */
  isBusy = false
  /** Called after each call was answered, with how many there were. */
  onCall: (count: number, call: Call) => void = () => {}
  /** The base URL of the API. */
  url = ''
  /** Answers with the address of the caller. */
  addressUrl = ''
  readonly #delayMs: () => number
  readonly #doors: DoorKeeper
  readonly #server = createServer((request, response) => void this.#serve(request, response))

  private constructor(lab: Lab, { stepMs = 20, propagationMs = 0, delayMs = () => 0 }: FakeOptions) {
    this.copies = new Copies(lab)
    this.stepMs = stepMs
    this.propagationMs = propagationMs
    this.#delayMs = delayMs
    this.#doors = new DoorKeeper(lab)
  }

  static async start(lab: Lab, options: FakeOptions = {}): Promise<FakeRender> {
    const fake = new FakeRender(lab, options)
    await once(fake.#server.listen(0, '127.0.0.1'), 'listening')
    const { port } = fake.#server.address() as AddressInfo
    fake.url = `http://127.0.0.1:${port}/v1`
    fake.addressUrl = `http://127.0.0.1:${port}/ip`
    return fake
  }

  /** Puts an instance in front of a database of the lab. */
  async addInstance(
    database: string,
    { name = 'logi-db', plan = 'basic_256mb', environmentId = undefined as string | undefined } = {},
  ): Promise<Instance> {
    const id = `dpg-${randomBytes(8).toString('hex')}-a`
    const isUp = () => instance.suspended === 'not_suspended' && instance.status === 'available'
    const doors = await this.#doors.open(database, isUp, peer => admits(instance.effectiveAllowList, peer))
    const all = { cidrBlock: '0.0.0.0/0', description: 'everywhere' }
    const instance: Instance = {
      ...{ id, name, plan, environmentId, database, status: 'available', suspended: 'not_suspended' },
      ...{ ipAllowList: [all], effectiveAllowList: [all], exports: [] },
      createdAt: new Date().toISOString(),
      recoveryStatus: plan === 'free' ? 'NOT_AVAILABLE' : 'AVAILABLE',
      startsAt: new Date(Date.now() - 3 * 86_400_000),
      internalUrl: doors.internal,
      externalUrl: doors.external,
      close: doors.close,
    }
    this.instances.set(id, instance)
    return instance
  }

  async addService(options: Omit<ServiceOptions, 'id'>): Promise<FakeService> {
    const prefix = options.type === 'cron_job' ? 'crn' : 'srv'
    const service = await startService({ ...options, id: `${prefix}-${randomBytes(8).toString('hex')}` })
    this.services.set(service.id, service)
    return service
  }

  addGroup(
    name: string,
    variables: Readonly<Record<string, string>>,
    services: readonly FakeService[],
  ): FakeGroup {
    const id = `evg-${randomBytes(8).toString('hex')}`
    const serviceIds = services.map(service => service.id)
    const group = { id, name, variables: new Map(Object.entries(variables)), serviceIds }
    for (const service of services) service.running = new Map([...group.variables, ...service.running])
    this.groups.set(id, group)
    return group
  }

  /** Changes a list as the API does: at once to the eye, later in force. */
  setAllowList(instance: Instance, list: Instance['effectiveAllowList']): void {
    instance.ipAllowList = list.length === 0 ? null : [...list]
    if (this.propagationMs === 0) instance.effectiveAllowList = list
    else setTimeout(() => this.#enforce(instance), this.propagationMs).unref()
  }

  /** Requests that change something, as `POST /postgres/dpg-…/suspend`. */
  get changes(): readonly string[] {
    return this.calls.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)
  }

  /** What an action needs to reach it. */
  get env(): Record<string, string> {
    return { RENDER_API_URL: this.url }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    for (const { close } of [...this.instances.values(), ...this.services.values()]) await close()
    await this.copies.dropAll()
  }

  #enforce(instance: Instance): void {
    instance.effectiveAllowList = instance.ipAllowList ?? []
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request
    const body = await text(request)
    await sleep(this.#delayMs())
    if (url.startsWith('/ip')) return void response.end('127.0.0.1\n')
    const path = url.replace(/^\/v1/, '')
    const fault = this.faults.take(method, path)
    const reply = await this.#reply(request, { method, path, body }, fault)
    const call = { method, path, body, status: reply?.status ?? 0 }
    this.calls.push(call)
    if (reply === undefined || fault?.kind === 'lost') response.destroy()
    else this.#send(response, reply)
    this.onCall(this.calls.length, call)
  }

  async #reply(
    request: IncomingMessage,
    { method, path, body }: Pick<Call, 'method' | 'path' | 'body'>,
    fault: Fault | undefined,
  ): Promise<Reply | undefined> {
    if (fault?.kind === 'dropped') return undefined
    if (fault?.kind === 'answer')
      return { status: fault.status, raw: fault.body ?? '{"message":"armed"}', headers: fault.headers ?? {} }
    if (request.headers.authorization !== `Bearer ${RENDER_KEY}`)
      return { status: 401, body: { message: 'unauthorized' } }
    const url = new URL(path, 'http://127.0.0.1')
    const input = body === '' ? {} : JSON.parse(body)
    return await route(this, { method, path: url.pathname, query: url.searchParams, input })
  }

  #send(response: ServerResponse, { status, body, raw, headers = {} }: Reply): void {
    const text = raw ?? (body === undefined ? '' : JSON.stringify(body))
    response
      .writeHead(status, {
        'Content-Type': 'application/json',
        'Render-Request-Id': `req-${this.calls.length}`,
        ...{ 'Ratelimit-Limit': '400', 'Ratelimit-Remaining': '399', 'Ratelimit-Reset': '37' },
        ...headers,
      })
      .end(text)
  }
}
