import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineCrc32 } from '../../../src/storage/multipart/crc32-combine.ts'

describe('CRC-32s combined', () => {
  it('are the CRC-32 of the whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
        expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])))
      }),
    )
  })

  it('stay exact for parts of the largest size', () => {
    const part = Buffer.alloc(5 * 1024 * 1024 + 1, 'abc')
    expect(combineCrc32(crc32('head'), crc32(part), part.length)).toBe(crc32(part, crc32('head')))
  })
})
