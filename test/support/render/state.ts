import { randomBytes } from 'node:crypto'
import type { Copies } from './copies.ts'
import type { Instance } from './instance.ts'
import type { FakeGroup, FakeService } from './service.ts'

/** What the routes see of the fake, and change. */
export interface FakeState {
  readonly instances: Map<string, Instance>
  readonly services: Map<string, FakeService>
  readonly groups: Map<string, FakeGroup>
  readonly environments: Map<string, { readonly id: string; protectedStatus: string }>
  readonly copies: Copies
  readonly stepMs: number
  readonly recoveryFails: boolean
  readonly recoveryHangs: boolean
  readonly isBusy: boolean
  addInstance(
    database: string,
    options: { name: string; plan: string; environmentId: string | undefined },
  ): Promise<Instance>
  setAllowList(instance: Instance, list: Instance['effectiveAllowList']): void
}

export interface Reply {
  readonly status: number
  readonly body?: unknown
  /** A body that is not JSON, or JSON as it is. */
  readonly raw?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Question {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly input: Readonly<Record<string, unknown>>
}

export function notFound(what: string): Reply {
  return { status: 404, body: { message: `not found: ${what}` } }
}

/** A page of 100 at most, as asked by `limit` and `cursor`. */
export function paged<T>(items: readonly T[], query: URLSearchParams, wrap: (item: T) => object): Reply {
  const limit = Math.min(100, Number(query.get('limit') ?? 20))
  const after = Number(query.get('cursor') ?? 0)
  const page = items.slice(after, after + limit)
  return { status: 200, body: page.map((item, i) => ({ cursor: String(after + i + 1), ...wrap(item) })) }
}

/** Eight bytes, as in the ids of Render. */
export const newId = (prefix: string) => `${prefix}-${randomBytes(8).toString('hex')}`
