import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parseCompression } from '../../src/core/backup/dump-options.ts'
import { theLab } from '../support/lab.ts'

const pgDump = join(theLab().postgres.binDir, 'pg_dump')

const LEVELS = [
  '-131073',
  '-131072',
  '-5',
  '-1',
  '0',
  '1',
  '3',
  '03',
  '9',
  '10',
  '12',
  '13',
  '22',
  '23',
  '9999999999',
]
const WORDS = [
  'level=3',
  'long',
  'level=3,long',
  'long,level=3',
  'level=99',
  'level=',
  'level',
  '3,long',
  'fast',
  'x=1',
  '',
]
const SPELLINGS = ['none', 'gzip', 'lz4', 'zstd', 'lzma', 'constructor'].flatMap(method => [
  method,
  ...[...LEVELS, ...WORDS].map(detail => `${method}:${detail}`),
])

/** pg_dump checks its options before it connects; where it complains of the connection, they were good. */
async function accepts(compression: string): Promise<boolean> {
  const args = [`--compress=${compression}`, '--format=custom', '--host=127.0.0.1', '--port=9', '--dbname=x']
  const said = await promisify(execFile)(pgDump, args).then(
    () => '',
    (error: { readonly stderr: string }) => error.stderr,
  )
  return said.includes('port 9 failed')
}

describe('a compression', () => {
  const mine = SPELLINGS.filter(isAccepted)

  it.each(mine)('%s is one that pg_dump takes', async spelling => {
    expect(await accepts(spelling)).toBe(true)
  })

  it('is refused where pg_dump refuses it', () => {
    expect(SPELLINGS.length - mine.length).toBeGreaterThan(80)
    for (const spelling of [
      'gzip:0',
      'gzip:10',
      'gzip:long',
      'lz4:13',
      'zstd:23',
      'zstd:3,long',
      'none:1',
      '',
      'ZSTD',
    ])
      expect(isAccepted(spelling), spelling).toBe(false)
  })
})

function isAccepted(spelling: string): boolean {
  try {
    return parseCompression(spelling) === spelling
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
