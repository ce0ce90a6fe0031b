import { expect, it } from 'vitest'
import { untestedModules } from '../../scripts/check/mirrored-tests.ts'

const untested = (files: Readonly<Record<string, string>>) => untestedModules(new Map(Object.entries(files)))

it('names a core module without a test at the mirrored path', () => {
  const files = {
    'src/core/pg/quote.ts': 'export function quote() {}\n',
    'src/core/pg/version.ts': 'export function parseVersion() {}\n',
    'test/core/pg/version.test.ts': '',
    'test/pg/quote.test.ts': '',
  }
  expect(untested(files)).toEqual(['src/core/pg/quote.ts'])
})

it('looks at core alone', () => {
  expect(untested({ 'src/steps/a.ts': 'a()\n', 'scripts/b.ts': 'b()\n' })).toEqual([])
})

it('exempts a module of types and re-exports', () => {
  const text = `/**
 * What was found.
 */
import type { A } from './a.ts'
import {
  type B,
} from './b.ts'
export * from './c.ts'
export {
  d,
} from './d.ts'

export interface E<T> {
  // A comment.
  readonly f: T
}
export type G =
  | { readonly kind: 'g' }
type H = Partial<
  E<A>
>
`
  expect(untested({ 'src/core/types.ts': text })).toEqual([])
})

it.each([
  'export const LIMIT = 1\n',
  'const TEXTS = [\n]\n',
  'function f() {}\n',
  'export async function f() {}\n',
  'export class C {}\n',
  'start()\n',
])('does not exempt a module that has %j beside its types', line => {
  expect(untested({ 'src/core/types.ts': `export type T = 1\n${line}` })).toEqual(['src/core/types.ts'])
})
