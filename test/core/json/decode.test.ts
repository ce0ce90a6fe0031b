import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import * as d from '../../../src/core/json/decode.ts'
import { schemaViolations } from '../../support/json-schema.ts'

const BACKUP = d.object({
  id: d.string,
  kind: d.oneOf(['daily', 'manual']),
  at: d.timestamp,
  sha256: d.sha256,
  bytes: d.nonNegativeInt,
  isStandby: d.boolean,
  versionId: d.nullable(d.string),
  tags: d.array(d.object({ name: d.string })),
  addedLater: d.optional(d.nonNegativeInt),
  plan: d.withDefault(d.string, 'free'),
})

const GOOD = {
  id: 'a',
  kind: 'daily',
  at: '2026-11-23T03:15:00.000Z',
  sha256: 'a'.repeat(64),
  bytes: 0,
  isStandby: false,
  versionId: null,
  tags: [{ name: 'x' }],
}

describe('a decoder', () => {
  it('returns what it knows, with null and defaults for missing optional keys', () => {
    expect(BACKUP({ ...GOOD, unknown: 1 }, '')).toEqual({ ...GOOD, addedLater: null, plan: 'free' })
    expect(BACKUP({ ...GOOD, plan: null }, '').plan).toBe('free')
  })

  test.each([
    [{ bytes: '12' }, 'bytes: expected a whole number, found "12"'],
    [{ bytes: -1 }, 'bytes: expected a whole number, found -1'],
    [{ bytes: 2 ** 53 }, 'bytes: expected a whole number, found 9007199254740992'],
    [{ kind: 'x' }, 'kind: expected "daily" or "manual", found "x"'],
    [{ at: 'today' }, 'at: expected an instant'],
    [{ at: '2026-13-45T00:00:00Z' }, 'at: expected an instant'],
    [{ sha256: 'A'.repeat(64) }, 'sha256: expected a SHA-256 in hex'],
    [{ isStandby: 'no' }, 'isStandby: expected true or false, found "no"'],
    [{ versionId: 1 }, 'versionId: expected a text, found 1'],
    [{ versionId: undefined }, 'versionId: expected a text, found nothing'],
    [{ tags: {} }, 'tags: expected a list, found {}'],
    [{ tags: [{ name: 'x' }, {}] }, 'tags[1].name: expected a text, found nothing'],
    [{ addedLater: 'x' }, 'addedLater: expected a whole number, found "x"'],
  ])('refuses %o with the path and the value', (changed, message) => {
    expect(() => BACKUP({ ...GOOD, ...changed }, '')).toThrow(message)
  })

  it('names the document when it is not an object', () => {
    expect(() => BACKUP([], '')).toThrow('the document: expected an object, found []')
  })
})

describe('the schema of a decoder', () => {
  it('requires exactly the keys that may not be missing', () => {
    expect(BACKUP.schema.required).toEqual([
      'id',
      'kind',
      'at',
      'sha256',
      'bytes',
      'isStandby',
      'versionId',
      'tags',
    ])
  })

  it('accepts what the decoder accepts, and refuses what it refuses', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(undefined, null, 'daily', 0, 1.5, 2 ** 53, GOOD.at, GOOD.sha256, []),
    )
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(GOOD), 'addedLater', 'plan'), value, (key, found) => {
        const document = JSON.parse(JSON.stringify({ ...GOOD, [key]: found }))
        expect(schemaViolations(BACKUP.schema, document).length === 0).toBe(accepts(document))
      }),
      { numRuns: 2_000 },
    )
  })
})

function accepts(document: unknown): boolean {
  try {
    BACKUP(document, '')
    return true
  } catch {
    return false
  }
}
