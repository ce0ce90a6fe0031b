import { describe, expect, it } from 'vitest'
import { type RightsRequest, rightsAfter } from '../../../src/core/restore/rights-after.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'

const FACTS = { user: 'logi', owner: 'logi', database: 'logi', connectors: ['PUBLIC'] }
const TABLE = archiveEntry(1, 'TABLE', 'users', { schema: 'public', owner: 'logi' })
const GRANT = archiveEntry(2, 'ACL', 'TABLE users', { schema: 'public', owner: 'logi' })
const REQUEST: RightsRequest = {
  mode: 'new-database',
  scope: { of: 'everything' },
  owner: undefined,
  restoresGrants: false,
  entries: [TABLE],
}

const render = (request: Partial<RightsRequest>, facts: Partial<typeof FACTS> = {}) =>
  rightsAfter({ ...FACTS, ...facts }, { ...REQUEST, ...request }).join('\n')

describe('what a plan says about rights', () => {
  it('names the owners of the backup that are owners no longer', () => {
    expect(render({})).toContain('Everything belongs to logi, as in the backup.')
    const others = [{ ...TABLE, owner: 'audit' }, { ...TABLE, owner: '' }, TABLE]
    expect(render({ entries: others })).toContain('In the backup, objects also belong to audit.')
    expect(render({ owner: 'app' })).toContain('belongs to app. In the backup, objects also belong to logi.')
  })

  it('says whether grants are restored', () => {
    expect(render({})).toContain('no grants')
    expect(render({ entries: [TABLE, GRANT] })).toContain('not restored: 1 entry with grants')
    expect(render({ entries: [GRANT], restoresGrants: true })).toContain('those of the backup: 1 entry')
  })

  it.each(['new-database', 'swap', 'overwrite'] as const)('names who may connect in mode %s', mode => {
    expect(render({ mode })).toContain('May connect: logi, every role (PUBLIC), and superusers.')
    expect(render({ mode }, { connectors: ['app', 'report'] })).toContain(
      'May connect: logi, app, report, and',
    )
    expect(render({ mode }, { connectors: [] })).toContain('May connect: logi, and superusers.')
  })

  it('says that replaced rows change no rights', () => {
    const scope = { of: 'rows', tables: [] } as const
    expect(rightsAfter(FACTS, { ...REQUEST, mode: 'overwrite', scope })).toHaveLength(1)
  })
})
