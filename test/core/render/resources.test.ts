import { describe, expect, it } from 'vitest'
import {
  connectionInfo,
  environmentGroup,
  parseDatabaseId,
  parseRenderId,
  renderDatabase,
  service,
} from '../../../src/core/render/resources.ts'

describe('an answer of Render', () => {
  it('may leave out or null what is empty', () => {
    const database = { id: 'dpg-a', name: 'logi', createdAt: '2026-01-01T00:00:00Z' }
    const sparse = renderDatabase({ ...database, ipAllowList: null, suspended: null, owner: null }, '')
    expect(sparse).toMatchObject({ ...database, ipAllowList: [], suspended: '', owner: null, plan: '' })
    expect(environmentGroup({ id: 'evg-a', name: 'g', serviceLinks: null }, '')).toEqual({
      id: 'evg-a',
      name: 'g',
      envVars: [],
      serviceLinks: [],
    })
  })

  it('may have states and fields that came later', () => {
    const web = { id: 'srv-a', name: 'web', type: 'edge_function', suspended: 'half', later: {} }
    expect(service(web, '')).toEqual({
      id: 'srv-a',
      name: 'web',
      type: 'edge_function',
      suspended: 'half',
      serviceDetails: null,
    })
  })

  it.each([
    [() => renderDatabase({ id: 'dpg-a', name: 'logi' }, 'postgres'), 'postgres.createdAt: expected a text'],
    [() => renderDatabase('<html>', ''), 'the document: expected an object, found "<html>"'],
    [() => service({ id: 5 }, 'service'), 'service.id: expected a text, found 5'],
    [
      () => connectionInfo({ internalConnectionString: 'x' }, ''),
      'externalConnectionString: expected a text',
    ],
  ])('is refused where what decides is missing: %#', (read, message) => {
    expect(read).toThrow(message)
  })
})

describe('an id of Render', () => {
  it.each(['dpg-cabc123-a', 'dpg-abcd', `dpg-${'a'.repeat(40)}`])('may be %s', id => {
    expect(parseDatabaseId(id)).toBe(id)
  })

  it.each(['', 'dpg-', 'dpg-abc', 'srv-abcd', 'dpg-ABCD', 'dpg-abcd/../x', 'dpg-abcd\n', ' dpg-abcd'])(
    'is not %j, which would lead elsewhere in a URL',
    id => {
      expect(() => parseDatabaseId(id)).toThrow(new RangeError('expected an id such as dpg-…'))
    },
  )

  it('may be of several kinds', () => {
    expect(parseRenderId('evg-abcd', ['srv', 'evg'])).toBe('evg-abcd')
    expect(() => parseRenderId('dpg-abcd', ['srv', 'evg'])).toThrow('expected an id such as srv-… or evg-…')
  })
})
