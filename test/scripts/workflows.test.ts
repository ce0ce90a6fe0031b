import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { unwatchedJobs, workflowProblems } from '../../scripts/check/workflows.ts'

const files = globSync('.github/workflows/*.{yml,yaml}').toSorted()
const CI = '.github/workflows/ci.yml'

describe('the workflows', () => {
  it('are found', () => {
    expect(files).toContain(CI)
    expect(files).toContain('.github/workflows/check-dist.yml')
  })

  test.each(files)('%s keeps to the rules', file => {
    expect(workflowProblems(file, readFileSync(file, 'utf8'))).toEqual([])
  })

  it('end in a job that waits for all the others', () => {
    expect(unwatchedJobs(readFileSync(CI, 'utf8'), 'ci-ok')).toEqual([])
    expect(unwatchedJobs(readFileSync('.github/workflows/e2e.yml', 'utf8'), 'e2e-ok')).toEqual([])
  })

  it('pin the same version of an action everywhere', () => {
    const pins = files.flatMap(file => [
      ...readFileSync(file, 'utf8').matchAll(/uses: (actions\/[\w-]+)@(.+)$/gm),
    ])
    const versions = new Map<string, Set<string>>()
    for (const [, name = '', version = ''] of pins)
      versions.set(name, (versions.get(name) ?? new Set()).add(version))
    expect([...versions].filter(([, found]) => found.size > 1)).toEqual([])
  })
})

const GOOD = `
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read # to check out
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: $/actions/dump-to-s3
      - run: echo "$A"
`

describe('the rules for workflows', () => {
  it('let a good one pass', () => {
    expect(workflowProblems('a.yml', GOOD)).toEqual([])
  })

  test.each([
    ['@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1', '@v7', 'is not pinned'],
    [' # v7.0.1', '', 'is not pinned'],
    ['actions/checkout@', 'someone/checkout@', 'is not pinned'],
    ['$/actions', './actions', 'is not pinned'],
    ['permissions: {}', 'permissions: write-all', 'permissions at the top are not {}'],
    ['permissions: {}', '', 'permissions at the top are not {}'],
    ['    permissions:\n      contents: read # to check out\n', '', 'job a: has no permissions'],
    [' # to check out', '', 'permission "contents: read" has no comment'],
    ['    timeout-minutes: 5\n', '', 'job a: has no timeout-minutes'],
    ['ubuntu-24.04', 'ubuntu-latest', 'which moves'],
    ['          persist-credentials: false\n', '          fetch-depth: 0\n', 'leaves its token behind'],
    ['echo "$A"', `echo $\{{ inputs.a }}`, 'holds an expression'],
    ['    steps:', '    secrets: inherit\n    steps:', 'passes on every secret'],
  ])('catch a %j that became %j', (before, after, rule) => {
    const problems = workflowProblems('a.yml', GOOD.replace(before, after))
    expect(problems.join('\n')).toContain(rule)
  })

  it('name the jobs that nobody waits for', () => {
    const source = 'jobs: { a: {}, b: {}, c: {}, ok: { needs: [a, c] } }'
    expect(unwatchedJobs(source, 'ok')).toEqual(['b'])
    expect(unwatchedJobs('jobs: { a: {}, ok: { needs: a } }', 'ok')).toEqual([])
  })
})

describe('the guard at the root', () => {
  it('fails with an annotation and holds no expression', () => {
    const [step] = parse(readFileSync('action.yml', 'utf8')).runs.steps
    expect(step.run).toMatch(/^echo '::error .*'\nexit 1\n$/)
    expect(step.run).not.toContain('${'.concat('{'))
  })
})
