import type { Location } from '../../core/backup/bucket-layout.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { CutoverDirection } from '../../core/render/cutover-plan.ts'
import {
  CUTOVER_VERSION,
  type CutoverEvent,
  type CutoverRecord,
  cutoverEventKey,
  cutoverKey,
  cutoverPrefix,
  parseCutoverEvent,
  parseCutoverRecord,
  renderCutoverJson,
} from '../../core/render/cutover-record.ts'
import type { Store } from '../../storage/store.ts'

export interface JournalDeps {
  readonly store: Pick<Store, 'putJson' | 'getText' | 'list' | 'uri'>
  readonly location: Location
  readonly now: () => Date
  readonly run: CutoverRecord['run']
  /** Tells this run from another one. */
  readonly nonce: string
}

/** A cutover that the bucket knows, with what was begun of it. */
export interface KnownCutover {
  readonly record: CutoverRecord
  readonly events: readonly CutoverEvent[]
}

/**
 * The journal of one cutover: an object for each step, written before the step. A number is taken by one run
 * only, so that two runs cannot carry out the same cutover.
 */
export class CutoverJournal {
  readonly #deps: JournalDeps
  readonly #id: string
  readonly #events: CutoverEvent[]

  constructor(deps: JournalDeps, { record, events }: KnownCutover) {
    this.#deps = deps
    this.#id = record.cutover.id
    this.#events = [...events]
  }

  get events(): readonly CutoverEvent[] {
    return this.#events
  }

  /** When a step was begun first, in this run or in one that died; undefined where it was not. */
  begunAt(direction: CutoverDirection, step: number): Date | undefined {
    const begun = this.#events.filter(event => event.direction === direction && event.step === step)
    return begun[0] && new Date(begun[0].at)
  }

  /** Notes that a step begins, or with the number of all steps that they are done. */
  async note(direction: CutoverDirection, step: number, what: string): Promise<void> {
    const { store, location, now, run, nonce } = this.#deps
    const event = { version: CUTOVER_VERSION, at: now().toISOString(), direction, step, what, nonce, run }
    const key = cutoverEventKey(location, this.#id, this.#events.length + 1)
    try {
      await store.putJson(key, renderCutoverJson(event))
    } catch (error) {
      throw new OperatorError(
        'CUTOVER_STOPPED',
        `${what}: the journal ${store.uri(key)} was not written: ${errorMessage(error)}`,
        {
          hint: 'Check that no other run carries out this cutover and that the key may write to cutovers/, then re-run.',
          cause: error,
        },
      )
    }
    this.#events.push(event)
  }
}

/** Writes the plan, before anything else. */
export async function writePlan(record: CutoverRecord, { store, location }: JournalDeps): Promise<void> {
  await store.putJson(cutoverKey(location, record.cutover.id), renderCutoverJson(record))
}

/** The newest cutover of the database, or the one with the id; undefined where there is none. */
export async function findCutover(
  id: string | undefined,
  { store, location }: Pick<JournalDeps, 'store' | 'location'>,
): Promise<KnownCutover | undefined> {
  const prefix = cutoverPrefix(location)
  const keys = await store.list(prefix)
  const plans = keys.filter(key => !key.slice(prefix.length).includes('/') && key.endsWith('.json'))
  const key = id === undefined ? plans.at(-1) : plans.find(plan => plan === cutoverKey(location, id))
  if (key === undefined) return undefined
  const record = parseCutoverRecord(await store.getText(key), store.uri(key))
  const events: CutoverEvent[] = []
  for (const eventKey of keys.filter(other => other.startsWith(`${prefix}${record.cutover.id}/`)))
    events.push(parseCutoverEvent(await store.getText(eventKey), store.uri(eventKey)))
  return { record, events }
}
