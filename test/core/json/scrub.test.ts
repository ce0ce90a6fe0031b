import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../src/core/json/canonical.ts'
import { scrubJson, scrubText } from '../../../src/core/json/scrub.ts'
import { spellings } from '../../../src/core/secret.ts'

const KEY = 's3://bucket/x/gates/app/20261129T000000Z-0a0b0c0d.json'

describe('scrubText', () => {
  it('hides the longest secret first', () => {
    expect(scrubText('postgres://u:geheim@h and geheim', ['geheim', 'postgres://u:geheim@h'])).toBe(
      '*** and ***',
    )
  })

  it('leaves a text alone where a secret is blank', () => {
    expect(scrubText('a b', ['', ' '])).toBe('a b')
  })
})

describe('scrubJson', () => {
  it('hides a secret in every string and leaves the rest as it is', () => {
    const json = canonicalJson({ pending: ['on hunter2', 'b'], bytes: 2222, nested: { a: 'hunter2' } })

    expect(JSON.parse(scrubJson(json, ['hunter2', '2222'], KEY))).toEqual({
      pending: ['on ***', 'b'],
      bytes: 2222,
      nested: { a: '***' },
    })
  })

  it('leaves no secret in any spelling', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4, unit: 'grapheme' }), secret => {
        fc.pre(secret.trim().length >= 4 && !KEY.includes(secret))
        const all = spellings(secret)
        const json = canonicalJson({ text: all.map(spelling => `<${spelling}>`) })
        const scrubbed = JSON.stringify(JSON.parse(scrubJson(json, all, KEY)))
        expect(scrubbed).not.toContain(JSON.stringify(secret).slice(1, -1))
      }),
    )
  })

  it('keeps keys intact where the password is also the name of the database', () => {
    const json = canonicalJson({ key: 'x/archives/app01/1.dump', why: 'app01' })

    expect(scrubJson(json, ['app01'], 's3://bucket/x/gates/app01/1.json')).toBe(json)
  })

  it('keeps hashes and instants', () => {
    const json = canonicalJson({ sha256: 'a1b2c3d4'.repeat(8), at: '2026-11-29T00:00:00.000Z' })

    expect(scrubJson(json, ['a1b2', '2026'], KEY)).toBe(json)
  })
})
