import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'

interface Step {
  readonly id?: string
  readonly run?: string
}

/** The one piece of shell in backup.yml that handles a secret. */
function choose(database: string, urls: string) {
  const { jobs } = parse(readFileSync('.github/workflows/backup.yml', 'utf8'))
  const script = jobs.dump.steps.find(({ id }: Step) => id === 'connection').run
  const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-choose-'))
  const output = join(directory, 'output')
  writeFileSync(output, '')
  try {
    // As the runner starts a step with shell: bash.
    const { status, stdout } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
      env: { PATH: process.env.PATH, DATABASE: database, DATABASE_URLS: urls, GITHUB_OUTPUT: output },
      encoding: 'utf8',
    })
    return { status, stdout, output: readFileSync(output, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const URLS = `logi2=postgresql://a:b@two/db
logi=postgresql://user:p%40ss%25word=@one:5432/db?sslmode=require&options=-c%20x=1=

billing=postgresql://c:$(touch x)\`d\`@three/db
`

describe('the connection URL of one database of several', () => {
  test.each([
    ['logi', 'postgresql://user:p%40ss%25word=@one:5432/db?sslmode=require&options=-c%20x=1='],
    ['logi2', 'postgresql://a:b@two/db'],
    ['billing', 'postgresql://c:$(touch x)`d`@three/db'],
  ])('is that of %s, to the last character', (database, url) => {
    const { status, output, stdout } = choose(database, URLS)
    expect(status).toBe(0)
    expect(output).toBe(`url=${url}\n`)
    // The runner decodes %25 in a command, and nothing else of a URL.
    expect(stdout).toBe(`::add-mask::${url.replaceAll('%', '%25')}\n`)
  })

  it('is asked for where there is none, and no other is shown', () => {
    const { status, stdout, output } = choose('log', URLS)
    expect(status).toBe(1)
    expect(output).toBe('')
    expect(stdout).toMatch(/^::error title=backup::The secret DATABASE_URLS has no line log=postgresql:\/\/…/)
    expect(stdout).not.toContain('p%40ss')
  })

  it('is asked for where the secret is empty', () => {
    expect(choose('logi', '').status).toBe(1)
  })

  // An unset secret arrives like this; an empty URL would mean the PG* variables of the machine,
  // another database perhaps.
  it('is asked for where its line has none', () => {
    for (const urls of ['logi=\nother=postgresql://b', 'logi=  ']) {
      const { status, stdout, output } = choose('logi', urls)
      expect(status).toBe(1)
      expect(output).toBe('')
      expect(stdout).toMatch(/^::error title=backup::The line logi= in the secret DATABASE_URLS has no URL/)
    }
  })
})
