import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TOOLS } from '../../../src/core/migrations/tools.ts'
import { ADAPTERS } from '../../support/migration-adapters.ts'
import type { Adapter, ModelFile, ModelRow } from '../../support/migration-model.ts'
import { detect } from '../../support/migration-sides.ts'

const HISTORIES = 2000

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ do: 'add' } as const) },
  { weight: 4, arbitrary: fc.constant({ do: 'apply' } as const) },
  { weight: 1, arbitrary: fc.constant({ do: 'squash' } as const) },
  { weight: 1, arbitrary: fc.constant({ do: 'copy' } as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('rename' as const, 'delete file' as const, 'delete row' as const),
      at: fc.nat(9),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface History {
  readonly files: ModelFile[]
  readonly rows: ModelRow[]
  /** An older state of the folder that was left somewhere. */
  copy: readonly ModelFile[]
}

/** Plays a history: migrations get later numbers, but a squash gets an early one. */
function play(steps: readonly Step[], { pending = withoutRow }: Adapter): History {
  const history: History = { files: [], rows: [], copy: [] }
  const { files, rows } = history
  steps.forEach((next, i) => {
    const late = String(20260101000000 + i)
    if (next.do === 'add') files.push({ stamp: late, name: 'add', parent: files.at(-1)?.stamp })
    if (next.do === 'apply') rows.push(...pending(files, rows).map(({ stamp, name }) => ({ stamp, name })))
    if (next.do === 'copy') history.copy = [...files]
    if (next.do === 'squash') {
      const squash = { stamp: String(20200101000000 + i), name: 'all', parent: undefined }
      files.splice(0, files.length, squash)
      rows.push({ stamp: squash.stamp, name: squash.name })
    }
    if (!('at' in next)) return
    const file = files[next.at % Math.max(1, files.length)]
    if (next.do === 'rename' && file !== undefined)
      files.splice(files.indexOf(file), 1, { ...file, name: `renamed${i}` })
    if (next.do === 'delete file' && file !== undefined) files.splice(files.indexOf(file), 1)
    if (next.do === 'delete row') rows.splice(next.at % Math.max(1, rows.length), 1)
  })
  return history
}

function withoutRow(files: readonly ModelFile[], rows: readonly ModelRow[]): readonly ModelFile[] {
  return files.filter(file => rows.every(row => row.stamp !== file.stamp || row.name !== file.name))
}

const histories = fc.array(step, { maxLength: 10 })

test.each(ADAPTERS.map(adapter => [adapter.tool, adapter] as const))(
  '%s is never none while a migration is pending',
  (_, adapter) => {
    const { pending = withoutRow, identify = withoutRow } = adapter
    let [decided, undecided] = [0, 0]
    fc.assert(
      fc.property(histories, steps => {
        const { files, rows, copy } = play(steps, adapter)
        const tables = [adapter.table(rows)]
        const whole = detect(adapter.files(files, ''), tables).state
        if (pending(files, rows).length > 0) {
          expect(whole).not.toBe('none')
          // An older copy where the tool's files are looked for, and the living folder elsewhere.
          const both = { ...adapter.files(files, 'packages/db/'), ...adapter.files(copy, '') }
          expect(detect(both, tables).state).not.toBe('none')
          // The copy alone can only show by a newer row.
          const newest = adapter.newest === undefined ? rows.at(-1) : adapter.newest(rows)
          if (newest !== undefined && identify(copy, [newest]).length === copy.length)
            expect(detect(adapter.files(copy, ''), tables).state).not.toBe('none')
        }
        if (whole === 'none') decided += 1
        else undecided += 1
      }),
      { numRuns: HISTORIES },
    )
    // Else the property would hold of an answer that is always unknown.
    expect(decided).toBeGreaterThan(0)
    expect(undecided).toBeGreaterThan(0)
  },
  60_000,
)

test('every tool that is compared is in the property', () => {
  const tried = new Set(ADAPTERS.map(({ tool }) => tool.replace(' 1', '')))

  expect(TOOLS.map(({ name }) => name).filter(name => !tried.has(name))).toEqual([])
})
