import { describe, expect, it, test } from 'vitest'
import type { Definition } from '../../../src/core/backup/manifest.ts'
import { exactChecks, type RestoredContent } from '../../../src/core/checks/compare-manifest.ts'
import { foldDefinitions } from '../../../src/core/checks/definitions.ts'
import { failureLines, failures, restored, withFingerprint } from '../../support/exact-checks.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'

describe('a definition', () => {
  const view = { kind: 'view', name: 'public.v', hash: 'a' }
  const column = { kind: 'columns', name: 'public.v', hash: 'b' }
  const known = withFingerprint({ definitions: [view, column] })
  const found = (...definitions: Definition[]) => restored({ definitions })

  it('of every object as in the source is one line', () => {
    const check = exactChecks(known, found(column, view)).at(-1)
    expect(check).toMatchObject({
      group: 'structure',
      name: 'definitions',
      verdict: 'pass',
      found: '2 definitions as in the source',
    })
  })

  test.each<[string, RestoredContent, readonly string[]]>([
    [
      'that is another',
      found({ ...view, hash: 'c' }, column),
      ['definition of view public.v: as in the source | another one'],
    ],
    ['that is missing', found(column), ['definition of view public.v: as in the source | missing']],
    [
      'that is one too many',
      found(view, column, { ...view, name: 'public.w' }),
      ['definition of view public.w: none | there is one'],
    ],
  ])('%s fails', (_, content, expected) => {
    expect(failureLines(exactChecks(known, content))).toEqual(expected)
  })

  it('a definition of another major version is compared by name alone', () => {
    const newer = { serverMajor: 19 }
    const same = exactChecks(known, { ...found({ ...view, hash: 'c' }), ...newer })
    expect(failures(same)).toEqual([])
    expect(same.at(-1)?.note).toContain('By their names')
    expect(failureLines(exactChecks(known, { ...found(), ...newer }))).toEqual([
      'definition of view public.v: as in the source | missing',
    ])
  })

  it('is not compared with a manifest that has none', () => {
    expect(failures(exactChecks(SAMPLE, found(view)))).toEqual([])
  })

  it('of very many is one hash a kind', () => {
    const folded = foldDefinitions([view, { ...view, name: 'public.w' }, column], 2)
    expect(folded?.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['view (all)', 'columns (all)'])
    const many = withFingerprint({ definitions: folded })
    expect(failures(exactChecks(many, found(view, { ...view, name: 'public.w' }, column)))).toEqual([])
    expect(failureLines(exactChecks(many, found(view, column)))).toEqual([
      'definition of view (all): as in the source | another one',
    ])
  })
})
