import { describe, expect, it, test } from 'vitest'
import { type Manifest, parseManifest, renderManifest } from '../../../src/core/backup/manifest.ts'
import { OperatorError } from '../../../src/core/errors.ts'
import { SAMPLE, sampleTable } from '../../support/samples/manifest.ts'

/** The sample with something in every field. */
const FULL: Manifest = {
  ...SAMPLE,
  object: {
    ...SAMPLE.object,
    versionId: null,
    bytes: 16_777_217,
    parts: [
      { bytes: 16_777_216, sha256: 'b'.repeat(64) },
      { bytes: 1, sha256: 'c'.repeat(64) },
    ],
    checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAAAA==' },
  },
  server: { ...SAMPLE.server, requiredRoles: ['reader'] },
  fingerprint: {
    level: 'content',
    tables: [
      sampleTable('Users "all"', 3),
      sampleTable('empty', 0, {
        newest: null,
        contentHash: null,
        extension: 'pg_cron',
        movesWithin: { schema: 'public', name: 'all' },
      }),
    ],
    sequences: [
      {
        schema: 'public',
        name: 'users_id_seq',
        atSnapshot: '9223372036854775807',
        atEnd: null,
        nextAtSnapshot: null,
        nextAtEnd: '1',
        cycles: true,
      },
    ],
    objects: {
      indexes: 1,
      constraints: 2,
      triggers: 3,
      functions: 4,
      policies: 5,
      views: 6,
      largeObjects: 7,
    },
    definitions: [{ kind: 'view', name: 'public."All"', hash: '0123456789abcdef' }],
    privileges: [{ kind: 'view', name: 'public."All"', owner: 'o', runsAsOwner: true, acl: ['r=r/o'] }],
    largeObjectsHash: '0'.repeat(32),
  },
}

type Path = readonly (string | number)[]

/** Every place in a document, with its value. */
function places(value: unknown, path: Path = []): (readonly [Path, unknown])[] {
  if (value === null || typeof value !== 'object') return [[path, value]]
  return [[path, value], ...Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]))]
}

/** A copy of the document with another value at one place; undefined removes it. */
function changed(document: unknown, path: Path, value: unknown): unknown {
  const copy: unknown = structuredClone(document)
  const parent = path.slice(0, -1).reduce<unknown>((node, key) => Object(node)[key], copy)
  Object.assign(Object(parent), { [path.at(-1) ?? '']: value })
  return copy
}

describe('a manifest', () => {
  it('comes back from its bytes, and has one spelling', () => {
    const json = renderManifest(FULL)
    expect(parseManifest(json, 'x')).toEqual(FULL)
    expect(renderManifest(parseManifest(json, 'x'))).toBe(json)
  })

  it('of a later minor version may say more', () => {
    const more = { ...FULL, remark: 'new', object: { ...FULL.object, region: 'eu' } }
    expect(parseManifest(JSON.stringify(more), 'x')).toEqual(FULL)
  })

  it('of a newer major version is refused, whatever else it says', () => {
    expect(() => parseManifest('{"version": 2, "all": "new"}', 's3://b/k')).toThrow(
      expect.objectContaining({
        code: 'MANIFEST_INVALID',
        message: expect.stringMatching(/s3:\/\/b\/k.*version 2.*up to 1/),
        hint: expect.stringContaining('newer pg-runbook'),
      }),
    )
  })

  test.each([
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '{"version":"1"}',
    '{"version":0}',
    renderManifest(FULL).slice(0, -40),
  ])('is not %j', json => {
    expect(() => parseManifest(json, 'x')).toThrow(OperatorError)
  })

  it('is refused when any one value is missing or of another type, naming the place', () => {
    const document: unknown = JSON.parse(renderManifest(FULL))
    const all = places(document).filter(([path]) => path.length > 0)
    expect(all.length).toBeGreaterThan(80)
    for (const [path, value] of all) {
      // An item of a list, or what older manifests do not have.
      const mayBeMissing = /^(\d+|systemIdentifier)$/.test(String(path.at(-1)))
      const wrong = typeof value === 'string' ? 12 : 'x'
      for (const other of mayBeMissing ? [wrong] : [undefined, wrong]) {
        const json = JSON.stringify(changed(document, path, other))
        const place = path.map(key => (/^\d+$/.test(String(key)) ? `[${key}]` : `.${key}`)).join('')
        if (isReadable(path, value, other)) continue
        expect(() => parseManifest(json, 'm'), place).toThrow(
          expect.objectContaining({ message: expect.stringContaining(`${place.slice(1)}: expected`) }),
        )
      }
    }
  })

  test.each<[string, Path, unknown]>([
    ['negative', ['object', 'bytes'], -1],
    ['a fraction', ['object', 'bytes'], 1.5],
    ['too large to be exact', ['object', 'bytes'], 2 ** 53],
    ['an upper-case hash', ['object', 'sha256'], 'A'.repeat(64)],
    ['a day that is none', ['backup', 'snapshotAt'], '2026-13-01T00:00:00Z'],
    ['an instant without a zone', ['backup', 'snapshotAt'], '2026-11-23T03:15:00'],
    ['an unknown kind', ['backup', 'kind'], 'weekly'],
    ['a directory', ['archive', 'format'], 'directory'],
  ])('is refused with a value that is %s', (_, path, value) => {
    const json = JSON.stringify(changed(FULL, path, value))
    expect(() => parseManifest(json, 'm')).toThrow(path.join('.'))
  })
})

/**
 * What may be missing in older manifests; and a text is right in place of a null where a text may be, but
 * nowhere else.
 */
function isReadable(path: Path, value: unknown, other: unknown): boolean {
  if (other === undefined) return ADDED_LATER.includes(String(path.at(-1)))
  return value === null && other === 'x' && isText(path)
}

/** What manifests of the first pg-runbook do not have, and are read without. */
const ADDED_LATER = [
  'icuRules',
  'nextAtSnapshot',
  'nextAtEnd',
  'cycles',
  'definitions',
  'largeObjectsHash',
  'extension',
]

it('of the first pg-runbook is read, with null for what it does not know', () => {
  const document = places(FULL)
    .filter(([path]) => ADDED_LATER.includes(String(path.at(-1))))
    .reduce<unknown>((older, [path]) => changed(older, path, undefined), FULL)
  const read = parseManifest(JSON.stringify(document), 'm')
  expect(read.fingerprint.sequences[0]).toMatchObject({ name: 'users_id_seq', nextAtEnd: null, cycles: null })
})

function isText(path: Path): boolean {
  return [
    'versionId',
    'locale',
    'icuRules',
    'contentHash',
    'extension',
    'atSnapshot',
    'atEnd',
    'nextAtSnapshot',
    'nextAtEnd',
    'value',
  ].includes(String(path.at(-1)))
}
