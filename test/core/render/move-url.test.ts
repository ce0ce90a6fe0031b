import { describe, expect, it, test } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { type DatabaseDoors, moveValue } from '../../../src/core/render/move-url.ts'

function doors(id: string, login = 'logi:s3cret', database = 'logi_db_783n'): DatabaseDoors {
  return {
    id,
    internal: parseConnectionUrl(`postgresql://${login}@${id}/${database}`),
    external: parseConnectionUrl(
      `postgresql://${login}@${id}.singapore-postgres.render.com:5432/${database}`,
    ),
  }
}

const OLD = doors('dpg-aaaaaaaa-a')
const FRESH = doors('dpg-bbbbbbbb-a')
const RENAMED = doors('dpg-bbbbbbbb-a', 'other:p%40ss')
const EXTERNAL = 'dpg-aaaaaaaa-a.singapore-postgres.render.com'

describe('the value of a variable', () => {
  test.each([
    ['an internal URL', 'postgresql://logi:s3cret@dpg-aaaaaaaa-a/logi_db_783n', 'internal'],
    ['an external URL', `postgresql://logi:s3cret@${EXTERNAL}:5432/logi_db_783n?sslmode=require`, 'external'],
    ['a scheme of a framework', 'postgis://logi:s3cret@dpg-aaaaaaaa-a/logi_db_783n?pool=5', 'internal'],
    ['a host alone', EXTERNAL, 'external'],
    ['words of libpq', 'host=dpg-aaaaaaaa-a dbname=logi_db_783n', 'internal'],
    ['a URL for JDBC', `jdbc:postgresql://${EXTERNAL}:5432/logi_db_783n`, 'external'],
  ] as const)('is moved by its host and by nothing else: %s', (_name, value, door) => {
    const moved = moveValue(value, OLD, FRESH)
    expect(moved).toEqual({ kind: 'move', value: value.replace('aaaaaaaa', 'bbbbbbbb'), door })
    const there = moved.kind === 'move' ? moved.value : ''
    expect(moveValue(there, OLD, FRESH)).toEqual({ kind: 'moved' })
    expect(moveValue(there, FRESH, OLD)).toEqual({ kind: 'move', value, door })
  })

  it('gets the login of the new database where that differs', () => {
    const value = `postgresql://logi:s3cret@${EXTERNAL}:5432/logi_db_783n?sslmode=require`
    expect(moveValue(value, OLD, RENAMED)).toEqual({
      kind: 'move',
      value: value.replace('aaaaaaaa', 'bbbbbbbb').replace('logi:s3cret', 'other:p%40ss'),
      door: 'external',
    })
  })

  test.each([
    ['a host alone, for another login', EXTERNAL, RENAMED, 'no whole URL'],
    [
      'another user, for another login',
      'postgresql://rep:x@dpg-aaaaaaaa-a/logi_db_783n',
      RENAMED,
      'no whole URL',
    ],
    ['a pooler', 'postgresql://logi:s3cret@dpg-aaaaaaaa-a-pooler/logi_db_783n', FRESH, 'not by a host of it'],
    ['a replica', 'dpg-aaaaaaaa-b', FRESH, 'not by a host of it'],
    ['two hosts', 'dpg-aaaaaaaa-a,dpg-aaaaaaaa-a', FRESH, 'more than once'],
  ])('cannot be moved: %s', (_name, value, to, why) => {
    const moved = moveValue(value, OLD, to)
    expect(moved).toMatchObject({ kind: 'stuck', reason: expect.stringContaining(why) })
  })

  test.each(['', 'production', 'postgresql://u:p@dpg-cccccccc-a/x', 'xdpg-bbbbbbbb-ax'])(
    'has nothing to do with it: %j',
    value => {
      expect(moveValue(value, OLD, FRESH)).toEqual({ kind: 'unrelated' })
    },
  )
})
