import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as d from '../../../src/core/json/decode.ts'
import { parseHead, renderHead } from '../../../src/core/summary/record-head.ts'
import { anyText } from '../../support/any-text.ts'

const shape = d.object({ text: d.string, number: d.nonNegativeInt })

describe('the head of a record', () => {
  it('comes back from metadata that any store takes', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 200 }), fc.nat(), (text, number) => {
        const metadata = renderHead({ text, number })
        for (const value of Object.values(metadata)) expect(value).toMatch(/^[\x20-\x7e]{1,1500}$/)
        if ('head' in metadata) expect(parseHead(metadata, shape)).toEqual({ text, number })
      }),
    )
  })

  it.each([{}, { head: 'no JSON' }, { head: '{"text":1}' }])('is absent in %j', metadata => {
    expect(parseHead(metadata, shape)).toBeUndefined()
  })

  it('is left out where it would not fit', () => {
    expect(renderHead({ text: 'x'.repeat(1500), number: 1 })).toEqual({})
  })
})
