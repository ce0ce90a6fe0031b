import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Lab } from '../../../lab/lab.ts'
import { databaseUrl } from '../database.ts'

interface AllowEntry {
  readonly cidrBlock: string
  readonly description: string
}

/**
 * A Postgres instance of the fake, in the shape of Render's `postgresDetail`, in front of a database of the
 * lab.
 */
export interface Instance {
  readonly id: string
  name: string
  readonly createdAt: string
  readonly plan: string
  readonly environmentId: string | undefined
  status: string
  suspended: 'suspended' | 'not_suspended'
  /** Null as Render has it when the list is empty. */
  ipAllowList: AllowEntry[] | null
  /** The list that connections meet: it follows `ipAllowList` after a while. */
  effectiveAllowList: readonly AllowEntry[]
  /** The database of the lab. */
  readonly database: string
  /** `NOT_AVAILABLE` on the free plan. */
  recoveryStatus: string
  startsAt: Date
  readonly exports: { readonly id: string; readonly createdAt: string; readonly url: string }[]
  readonly internalUrl: string
  readonly externalUrl: string
  close(): Promise<void>
}

/** What the fake needs to open the doors of an instance. */
export interface Doors {
  readonly internal: string
  readonly external: string
  close(): Promise<void>
}

/** Every instance has hosts of its own on loopback, and all of them one port, as Render's have 5432. */
export class DoorKeeper {
  readonly #lab: Lab
  #port = 0
  #count = 0

  constructor(lab: Lab) {
    this.#lab = lab
  }

  /** Opens the internal door, which lets everyone in, and the external one, which asks `mayEnter`. */
  async open(database: string, isUp: () => boolean, mayEnter: (address: string) => boolean): Promise<Doors> {
    this.#count += 1
    const number = this.#count
    const external = await this.#listen(`127.0.11.${number}`, peer => isUp() && mayEnter(peer))
    const internal = await this.#listen(`127.0.12.${number}`, isUp)
    const urlAt = (host: string) => {
      const url = new URL(databaseUrl(this.#lab, database))
      url.host = `${host}:${this.#port}`
      return url.href
    }
    return {
      internal: urlAt(internal.host),
      external: urlAt(external.host),
      close: async () => {
        await Promise.all([internal.close(), external.close()])
      },
    }
  }

  async #listen(host: string, mayEnter: (peer: string) => boolean) {
    const { postgres } = this.#lab
    const sockets = new Set<Socket>()
    const server: Server = createServer(client => {
      if (!mayEnter(client.remoteAddress ?? '')) return void client.destroy()
      const upstream = connect(postgres.port, postgres.host)
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(socket)
        socket.on('error', () => other.destroy())
        socket.on('close', () => {
          sockets.delete(socket)
          other.destroy()
        })
      }
      client.pipe(upstream).pipe(client)
    })
    await once(server.listen(this.#port, host), 'listening')
    this.#port = (server.address() as AddressInfo).port
    const close = async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    }
    return { host, close }
  }
}

/** Whether an allow list lets an IPv4 address in. */
export function admits(list: readonly AllowEntry[], address: string): boolean {
  const plain = address.replace(/^::ffff:/, '')
  return list.some(({ cidrBlock }) => {
    const [network = '', bits = '32'] = cidrBlock.split('/')
    const shift = 32 - Number(bits)
    return shift >= 32 || toNumber(network) >>> shift === toNumber(plain) >>> shift
  })
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

/** What Render answers about it. */
export function renderInstance(instance: Instance): object {
  const { id, name, createdAt, plan, environmentId, status, suspended, ipAllowList, database } = instance
  return {
    ...{ id, name, createdAt, updatedAt: createdAt, plan, status, suspended, ipAllowList },
    ...(environmentId !== undefined && { environmentId }),
    ...{
      databaseName: database,
      databaseUser: 'postgres',
      region: 'singapore',
      version: '18',
      role: 'primary',
    },
    ...{ highAvailabilityEnabled: false, diskAutoscalingEnabled: false, diskSizeGB: 1, suspenders: [] },
    ...{ owner: { id: 'tea-logi', name: 'logi', email: 'ops@example.com', type: 'team' }, readReplicas: [] },
    ...{ dashboardUrl: `https://dashboard.render.com/d/${id}`, connectionPool: 'none' },
  }
}
