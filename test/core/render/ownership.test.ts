import { describe, expect, it, test } from 'vitest'
import { reasonNotToDelete, renderRecoveryName } from '../../../src/core/render/ownership.ts'
import { renderDatabase } from '../../../src/core/render/resources.ts'

const OURS = {
  sourceId: 'dpg-source00-a',
  name: renderRecoveryName('logi', '77', 'latest'),
  requestedAt: new Date('2026-12-01T04:00:00Z'),
}
const made = (changes: object) =>
  renderDatabase({ id: 'dpg-copy0000-a', name: OURS.name, createdAt: '2026-12-01T04:00:01Z', ...changes }, '')

describe('an instance that this run made', () => {
  it('may be deleted', () => {
    expect(reasonNotToDelete(made({}), OURS)).toBeUndefined()
  })

  test.each([
    ['the source', { id: 'dpg-source00-a' }, 'is the source itself'],
    ['a replica of the source', { id: 'dpg-source00-b' }, 'is the source itself'],
    ['a replica', { primaryPostgresID: 'dpg-x' }, 'is a replica'],
    ['one with another name', { name: 'logi-db' }, 'is called logi-db'],
    ['one of another run', { name: renderRecoveryName('logi', '78', 'latest') }, 'is called'],
    ['one that is older than the request', { createdAt: '2026-12-01T03:50:00Z' }, 'before this run'],
    ['one without an age', { createdAt: '' }, 'before this run'],
  ])('is not %s', (_name, changes, why) => {
    expect(reasonNotToDelete(made(changes), OURS)).toContain(why)
  })

  it('has a name of at most 63 plain characters', () => {
    const name = renderRecoveryName(
      'Some_very.long-name'.repeat(5),
      '12345678901234567890',
      '20261201T040000Z',
    )
    expect(name).toMatch(/^pg-runbook-recovery-[a-z0-9-]{1,43}$/)
    expect(name).toContain('12345678901234567890')
  })
})
