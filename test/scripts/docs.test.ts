import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { renderReadme, staleDocs } from '../../scripts/docs.ts'

const EMPTY = '# a\n\n<!-- inputs -->\n<!-- /inputs -->\n\n<!-- outputs -->\n<!-- /outputs -->\n\nend\n'

describe('the tables of a README', () => {
  it('are written between their markers, and nothing else is touched', () => {
    const text = renderReadme('README.md', EMPTY, {
      inputs: {
        'database-url': { description: 'Where\n  it is.', required: true },
        format: { description: '`custom` | `plain`.', required: false, default: 'custom' },
        tables: { description: 'Only these.', required: false, default: '' },
      },
      outputs: { bytes: { description: 'Size.' } },
    })
    expect(text).toBe(
      [
        '# a',
        '',
        '<!-- inputs -->',
        '| Input | What it is | Default |',
        '| --- | --- | --- |',
        '| `database-url` | Where it is. | **required** |',
        '| `format` | `custom` \\| `plain`. | `custom` |',
        '| `tables` | Only these. |  |',
        '<!-- /inputs -->',
        '',
        '<!-- outputs -->',
        '| Output | What it is |',
        '| --- | --- |',
        '| `bytes` | Size. |',
        '<!-- /outputs -->',
        '',
        'end',
        '',
      ].join('\n'),
    )
  })

  it('stay as they are when they are written again', () => {
    const manifest = { inputs: { a: { description: 'A.' } } }
    const once = renderReadme('README.md', EMPTY, manifest)
    expect(renderReadme('README.md', once, manifest)).toBe(once)
    expect(once).toContain('<!-- outputs -->\nNone.\n<!-- /outputs -->')
  })

  it('are refused where a description or a marker is missing', () => {
    expect(() => renderReadme('README.md', EMPTY, { inputs: { a: {} } })).toThrow(
      'README.md: a has no description',
    )
    expect(() => renderReadme('README.md', '<!-- inputs -->', {})).toThrow('README.md needs the markers')
  })
})

describe('the check of the docs', () => {
  const made: string[] = []
  afterEach(() => {
    for (const path of made.splice(0)) rmSync(path, { recursive: true })
  })

  function repository(readme: string): string {
    const root = mkdtempSync(join(tmpdir(), 'docs-'))
    made.push(root)
    mkdirSync(join(root, 'docs'))
    mkdirSync(join(root, 'actions/a'), { recursive: true })
    writeFileSync(join(root, 'actions/a/action.yml'), 'inputs:\n  x: { description: X. }\n')
    writeFileSync(join(root, 'actions/a/README.md'), readme)
    return root
  }

  it('finds a README and an error table that are out of date, and is content once they are written', () => {
    const root = repository(EMPTY)
    const stale = staleDocs(root)
    expect([...stale.keys()]).toEqual(['docs/errors.md', 'actions/a/README.md'])
    for (const [file, text] of stale) writeFileSync(join(root, file), text)
    expect(staleDocs(root).size).toBe(0)
  })
})
