import { expect, it } from 'vitest'
import { deadExports } from '../../scripts/check/exports.ts'

const dead = (files: Readonly<Record<string, string>>) => deadExports(new Map(Object.entries(files)))

it('names an export that no other file imports', () => {
  const files = {
    'src/core/a.ts': 'export function used() {}\nexport const unused = 1\nexport interface Seen {}\n',
    'src/core/b.ts': "import { type Seen, used as local } from './a.ts'\n",
  }
  expect(dead(files)).toEqual(['src/core/a.ts: unused'])
})

it('takes a module that is imported whole as used', () => {
  const files = {
    'src/core/json/decode.ts': 'export const text = 1\n',
    'test/core/json/decode.test.ts': "import * as d from '../../../src/core/json/decode.ts'\n",
  }
  expect(dead(files)).toEqual([])
})
