import { inject } from 'vitest'
import type { Lab } from '../../lab/lab.ts'
import './global-setup.ts'

/** The real Postgres and the real S3 store that this test runs against. */
export function theLab(): Lab {
  const lab = inject('lab')
  if (lab === undefined) {
    throw new Error('This test needs the lab: its folder has to be in the "real" project of vitest.config.ts')
  }
  return lab
}
