import { describe, expect, it } from 'vitest'
import { estimateRestore, renderEstimate } from '../../../src/core/restore/estimate.ts'

describe('the estimate', () => {
  const drill = (bytes: number, restoreMs: number | null) => ({
    backup: { id: '', bucket: '', key: '', versionId: null, sha256: '', bytes, snapshotAt: '' },
    durations: { downloadMs: 0, restoreMs, checksMs: null, totalMs: 0 },
  })

  it('takes the median pace of the drills that restored something', () => {
    const drills = [drill(100, 100), drill(100, 900), drill(100, 300), drill(100, null), drill(0, 5)]
    expect(estimateRestore(1000, drills)).toEqual({
      durationMs: 3000,
      checksMs: undefined,
      safetyBackupMs: undefined,
      drills: 3,
    })
  })

  it('is none without drills, and says so', () => {
    expect(estimateRestore(1000, [drill(100, null)])).toBeUndefined()
    expect(renderEstimate(undefined)).toContain('no drill')
  })
})
