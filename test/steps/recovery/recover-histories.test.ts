import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { OperatorError } from '../../../src/core/errors.ts'
import { type RecoveredInstance, renderRecoveryName } from '../../../src/core/render/ownership.ts'
import { type RenderDatabase, renderDatabase } from '../../../src/core/render/resources.ts'
import { deleteLeftRecovery } from '../../../src/steps/recovery/delete-recovered.ts'
import { type RecoverDeps, recover } from '../../../src/steps/recovery/recover.ts'

const HISTORIES = 10_000
const NAME = renderRecoveryName('logi', '77', 'latest')
const SOURCE = 'dpg-source00-a'
const START = Date.parse('2026-12-01T04:00:00Z')

/** What may go wrong with one call, in the order of the calls. */
const FAULTS = ['none', 'none', 'none', 'none', 'fails', 'lost', 'killed'] as const
type Fault = (typeof FAULTS)[number]

class Killed extends Error {}

interface History {
  readonly faults: readonly Fault[]
  readonly statuses: readonly string[]
  /**
   * What Render gives the source: its name, its age, and whether lists and answers mix it up with the new
   * instance.
   */
  readonly sourceName: string
  readonly sourceAgeMs: number
  readonly answersWithSource: boolean
  readonly bystander: string
  readonly attempts: number
}

const histories: fc.Arbitrary<History> = fc.record({
  faults: fc.array(fc.constantFrom(...FAULTS), { maxLength: 30 }),
  statuses: fc.array(
    fc.constantFrom('unknown', 'creating', 'available', 'recovery_failed', 'suspended', 'something_new'),
    { minLength: 1, maxLength: 6 },
  ),
  sourceName: fc.constantFrom('logi-db', NAME),
  sourceAgeMs: fc.constantFrom(-60_000, 0, 86_400_000),
  answersWithSource: fc.boolean(),
  bystander: fc.constantFrom(NAME, renderRecoveryName('logi', '78', 'latest'), 'logi-db'),
  attempts: fc.integer({ min: 1, max: 3 }),
})

/**
 * Render in memory, with its calls noted; every call may fail, lose its answer, or be the last of the
 * process.
 */
function simulate(history: History) {
  const instances = new Map<string, RenderDatabase>()
  const add = (id: string, name: string, createdMs: number) => {
    const createdAt = new Date(createdMs).toISOString()
    const made = renderDatabase({ id, name, createdAt, status: 'available', plan: 'basic_256mb' }, '')
    instances.set(id, made)
    return made
  }
  add(SOURCE, history.sourceName, START - history.sourceAgeMs)
  add('dpg-other000-a', history.bystander, START - 86_400_000)
  const destroyed: string[] = []
  let calls = 0
  let clock = START
  const call = async <T>(work: () => T): Promise<T> => {
    const fault = history.faults[calls] ?? 'none'
    calls += 1
    clock += 1000
    if (fault === 'fails') throw new OperatorError('RENDER_FAILED', 'fails')
    const result = work()
    if (fault === 'killed') throw new Killed('killed')
    if (fault === 'lost') throw new OperatorError('RENDER_UNREACHABLE', 'lost')
    return result
  }
  const read = (id: string) => {
    const found = instances.get(id)
    if (found === undefined) throw new OperatorError('RENDER_NOT_FOUND', id)
    const status = history.statuses[Math.min(calls, history.statuses.length - 1)] ?? 'available'
    return id === SOURCE ? found : { ...found, status }
  }
  const databases: RecoverDeps['databases'] = {
    read: id => call(() => read(id)),
    list: name => call(() => [...instances.values()].filter(found => found.name === name)),
    readRecovery: () => call(() => ({ recoveryStatus: 'AVAILABLE', startsAt: '2026-11-28T04:00:00Z' })),
    startRecovery: ({ name }) =>
      call(() => {
        const made = add(
          `dpg-${createHash('md5').update(String(calls)).digest('hex').slice(0, 8)}-a`,
          name,
          clock,
        )
        return history.answersWithSource ? read(SOURCE) : made
      }),
    delete: id =>
      call(() => {
        destroyed.push(id)
        instances.delete(id)
      }),
  }
  return { databases, destroyed, now: () => new Date(clock) }
}

/** Attempts of one run, each followed by its post phase, as GitHub makes them. */
async function play(history: History): Promise<readonly string[]> {
  const { databases, destroyed, now } = simulate(history)
  const info = () => {}
  const log = { info, debug: info, warning: info, group: <T>(_: string, work: () => Promise<T>) => work() }
  for (let attempt = 0; attempt < history.attempts; attempt += 1) {
    let saved: { ours: RecoveredInstance; id: string | undefined } | undefined
    const remember: RecoverDeps['remember'] = (ours, id) => {
      saved = { ours, id }
    }
    const pace = { firstPollMs: 0, longestPollMs: 0, unknownMs: 0 }
    const limit = AbortSignal.timeout(60_000)
    let polls = 0
    const limited = {
      ...databases,
      read: (id: string) => {
        polls += 1
        if (polls > 5) throw new Killed('out of patience')
        return databases.read(id)
      },
    }
    const request = { sourceId: SOURCE, pointInTime: 'latest', name: NAME, plan: undefined } as const
    await recover(
      { ...request, environmentId: undefined, isRerun: attempt > 0 },
      { databases: limited, remember, now, log, signal: limit, pace },
    ).catch(ignoreFailure)
    if (saved !== undefined)
      await deleteLeftRecovery(saved.ours, saved.id, { databases, log }).catch(ignoreFailure)
  }
  return destroyed
}

function ignoreFailure(error: unknown): void {
  if (!(error instanceof OperatorError) && !(error instanceof Killed)) throw error
}

it('never deletes a source, or an instance of others, in 10,000 random histories', async () => {
  let deletions = 0
  await fc.assert(
    fc.asyncProperty(histories, async history => {
      const destroyed = await play(history)
      deletions += destroyed.length
      expect(destroyed).not.toContain(SOURCE)
      // With the name that only this run gives, and in a re-run, nothing tells it from an instance of ours.
      const looksLikeOurs = history.bystander === NAME && history.attempts > 1
      if (!looksLikeOurs) expect(destroyed).not.toContain('dpg-other000-a')
    }),
    { numRuns: HISTORIES },
  )
  expect(deletions).toBeGreaterThan(1000)
}, 240_000)
