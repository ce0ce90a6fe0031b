import { expect, it, test } from 'vitest'
import { decodeText } from '../../../src/core/text/decode-text.ts'

// What PostgreSQL's convert_to writes for the text.
test.each([
  ['UTF8', 'e282ac', '€'],
  ['LATIN1', 'e4', 'ä'],
  ['LATIN5', 'fd', 'ı'],
  ['LATIN9', 'a4', '€'],
  ['LATIN10', 'aa', 'Ș'],
  ['ISO_8859_5', 'b6', 'Ж'],
  ['WIN1251', 'c6', 'Ж'],
  ['WIN1252', '80', '€'],
  ['KOI8R', 'f6', 'Ж'],
  ['KOI8U', 'a4', 'є'],
  ['EUC_JP', 'b4c1', '漢'],
  ['SJIS', '8abf', '漢'],
  ['EUC_CN', 'babad7d6', '汉字'],
  ['UHC', 'b0a1', '가'],
])('a text in %s is decoded: %s', (encoding, hex, expected) => {
  expect(decodeText(Buffer.from(hex, 'hex'), encoding)).toBe(expected)
})

test.each(['SQL_ASCII', 'MULE_INTERNAL'])('a text in %s is read as UTF-8', encoding => {
  expect(decodeText(Buffer.from('漢'), encoding)).toBe('漢')
})

it('a byte order mark is kept', () => {
  expect(decodeText(Buffer.from('efbbbf61', 'hex'), 'UTF8')).toBe('\ufeffa')
})
