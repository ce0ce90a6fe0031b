import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { renderReadme } from '../../scripts/docs/action-readme.ts'
import { renderSchemas } from '../../scripts/docs/schemas.ts'
import { renderSnippets } from '../../scripts/docs/snippets.ts'
import { staleDocs } from '../../scripts/docs.ts'

const WORKFLOW = `
on:
  workflow_call:
    inputs:
      database: { description: Name., type: string, required: true }
    secrets:
      URL: { description: Where., required: false }
`
const EMPTY = '# a\n\n<!-- inputs -->\n<!-- /inputs -->\n\n<!-- outputs -->\n<!-- /outputs -->\n\nend\n'

describe('renderReadme', () => {
  it('writes the tables between their markers, and nothing else', () => {
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

  it('changes nothing when run again', () => {
    const manifest = { inputs: { a: { description: 'A.' } } }
    const once = renderReadme('README.md', EMPTY, manifest)
    expect(renderReadme('README.md', once, manifest)).toBe(once)
    expect(once).toContain('<!-- outputs -->\nNone.\n<!-- /outputs -->')
  })

  it('throws where a description or a marker is missing', () => {
    expect(() => renderReadme('README.md', EMPTY, { inputs: { a: {} } })).toThrow(
      'README.md: a has no description',
    )
    expect(() => renderReadme('README.md', '<!-- inputs -->', {})).toThrow('README.md needs the markers')
  })
})

it('renderSnippets writes the version behind every commit of ours, and no other', () => {
  const text = [
    '- uses: OWNER/REPO/actions/dump-to-s3@<sha>',
    '- uses: OWNER/REPO/.github/workflows/backup.yml@<sha> # v0.0.1',
    `- uses: OWNER/REPO/actions/setup-pg18@${'0'.repeat(40)} # v9.9.9-rc.1`,
    '- uses: actions/checkout@<sha> # for the criteria file',
  ].join('\n')
  const expected = [
    '- uses: OWNER/REPO/actions/dump-to-s3@<sha> # v1.2.3',
    '- uses: OWNER/REPO/.github/workflows/backup.yml@<sha> # v1.2.3',
    `- uses: OWNER/REPO/actions/setup-pg18@${'0'.repeat(40)} # v1.2.3`,
    '- uses: actions/checkout@<sha> # for the criteria file',
  ].join('\n')
  expect(renderSnippets(text, '1.2.3')).toBe(expected)
  expect(renderSnippets(expected, '1.2.3')).toBe(expected)
})

describe('staleDocs', () => {
  const made: string[] = []
  afterEach(() => {
    for (const path of made.splice(0)) rmSync(path, { recursive: true })
  })

  function repository(readme: string): string {
    const root = mkdtempSync(join(tmpdir(), 'docs-'))
    made.push(root)
    const files = {
      'package.json': '{ "version": "1.0.0" }',
      'README.md': 'uses: OWNER/REPO/actions/a@<sha>\n',
      'actions/a/action.yml': 'inputs:\n  x: { description: X. }\n',
      'actions/a/README.md': readme,
      'docs/workflows.md': '<!-- b.yml -->\n<!-- /b.yml -->\n',
      '.github/workflows/a.yml': 'on: push\n',
      '.github/workflows/b.yml': WORKFLOW,
    }
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true })
      writeFileSync(join(root, file), text)
    }
    return root
  }

  it('finds every generated part that is out of date, and none once they are written', () => {
    const root = repository(EMPTY)
    const stale = staleDocs(root)
    const schemas = renderSchemas().map(([file]) => file)
    expect([...stale.keys()].toSorted()).toEqual([
      'README.md',
      'actions/a/README.md',
      'docs/errors.md',
      ...schemas.toSorted(),
      'docs/workflows.md',
    ])
    expect(stale.get('docs/workflows.md')).toContain('| `database` | Name. | **required** |')
    expect(stale.get('docs/workflows.md')).toContain('| `URL` | Where. |  |')
    expect(stale.get('README.md')).toBe('uses: OWNER/REPO/actions/a@<sha> # v1.0.0\n')
    mkdirSync(join(root, 'docs/schemas'))
    for (const [file, text] of stale) writeFileSync(join(root, file), text)
    expect(staleDocs(root).size).toBe(0)
  })

  it('asks for a section of the page when a workflow has none', () => {
    const root = repository(EMPTY)
    writeFileSync(join(root, 'docs/workflows.md'), '# Workflows\n')
    expect(() => staleDocs(root)).toThrow('docs/workflows.md needs the markers <!-- b.yml -->')
  })
})
