import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { callProblems } from '../../scripts/workflows/calls.ts'

const FILES = globSync(['*.md', 'actions/*/README.md', 'docs/**/*.md']).toSorted()

interface Step {
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
}

/** Every step of every workflow, job or list of steps that a page shows. */
function stepsOf(page: string): readonly Step[] {
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = '']) => parse(yaml))
  return blocks.flatMap(findSteps)
}

function findSteps(value: unknown): readonly Step[] {
  if (Array.isArray(value)) return value.flatMap(findSteps)
  if (value === null || typeof value !== 'object') return []
  return 'uses' in value ? [value as Step] : Object.values(value).flatMap(findSteps)
}

/** The ids that GitHub gives the headings of a page. */
function anchorsOf(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(FILES)('%s', file => {
  const page = readFileSync(file, 'utf8')

  it('shows steps that exist, with inputs that they have and all that they need', () => {
    for (const { uses = '', with: given = {} } of stepsOf(page)) {
      const name = /^OWNER\/REPO\/actions\/([\w-]+)@<sha>$/.exec(uses)?.[1]
      if (name === undefined) continue
      const { inputs = {} } = parse(readFileSync(`actions/${name}/action.yml`, 'utf8'))
      expect(Object.keys(inputs), `${name} in ${file}`).toEqual(expect.arrayContaining(Object.keys(given)))
      const required = Object.keys(inputs).filter(input => inputs[input].required === true)
      expect(Object.keys(given), `${name} in ${file}`).toEqual(expect.arrayContaining(required))
    }
  })

  it('shows workflows that agree with what they call', () => {
    for (const [, yaml = ''] of page.matchAll(/^```yaml\n(.*?)^```$/gms)) {
      if (!/^on:/m.test(yaml)) continue
      expect(callProblems(file, yaml.replaceAll('@<sha>', `@${'0'.repeat(40)}`))).toEqual([])
    }
  })

  it('names every action by commit', () => {
    for (const { uses = '' } of stepsOf(page)) expect(uses).toMatch(/@([0-9a-f]{40}|<sha>)$/)
  })

  it('links to what is there', () => {
    for (const [, target = '', anchor] of page.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
      const path = target === '' ? file : join(dirname(file), target)
      expect(existsSync(path), `${path}, linked from ${file}`).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(readFileSync(path, 'utf8'))).toContain(anchor)
    }
  })
})

test('AGENTS.md names files and folders that exist', () => {
  const page = readFileSync('AGENTS.md', 'utf8')
  const paths = [...page.matchAll(/`((?:src|test|scripts|docs|actions|lab|examples)\/[^`\s<*…]*)`/g)]
  expect(paths.length).toBeGreaterThan(20)
  for (const [, path = ''] of paths) expect(existsSync(path), path).toBe(true)
})

test('pages have steps and links to look at', () => {
  const pages = FILES.map(file => readFileSync(file, 'utf8'))
  expect(pages.flatMap(stepsOf).length).toBeGreaterThan(5)
})
