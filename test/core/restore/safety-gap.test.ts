import { describe, expect, it } from 'vitest'
import { type Inventory, safetyGap } from '../../../src/core/restore/safety-gap.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'

describe('what a safety backup lacks', () => {
  const { tables, sequences, objects } = SAMPLE.fingerprint
  const counts = objects ?? {
    indexes: 0,
    constraints: 0,
    triggers: 0,
    functions: 0,
    policies: 0,
    views: 0,
    largeObjects: 0,
  }
  const saved = { ...SAMPLE, fingerprint: { ...SAMPLE.fingerprint, objects: counts } }
  const same: Inventory = { tables, sequences, objects: counts }

  it('is nothing where nothing was made or dropped', () => {
    expect(safetyGap(saved, same)).toEqual([])
  })

  it('is named', () => {
    const later = { schema: 'audit', name: 'later' }
    const gap = safetyGap(saved, {
      tables: [...tables.slice(1), later],
      sequences: [...sequences, later],
      objects: { ...counts, functions: counts.functions + 1 },
    })
    expect(gap).toEqual([
      'table audit.later',
      `table ${tables[0]?.name} (dropped)`,
      'sequence audit.later',
      `${counts.functions + 1} function${counts.functions === 0 ? '' : 's'} where the safety backup has ${counts.functions}`,
    ])
  })
})
