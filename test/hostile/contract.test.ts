import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { expectContract } from '../support/hostile/contract.ts'
import { HOSTILE_TEXTS } from '../support/hostile/texts.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

/** Ways in which an action that is not careful passes text on: a statement, with the text as `text`. */
const WAYS = {
  log: `console.log(text)`,
  cell: `summary('| A | B |\\n| - | - |\\n| ' + text + ' | c |')`,
  page: `summary(text)`,
  annotation: `console.log('::error title=verify-drill%3A X::' + text); process.exitCode = 1`,
}

function passOn(way: string, text: string): Promise<ActionRun> {
  const code = `
    import { appendFileSync } from 'node:fs'
    const summary = markdown => appendFileSync(process.env.GITHUB_STEP_SUMMARY, markdown)
    const text = process.env.TEXT
    ${way}`
  return runAction('probe', { root: 'test/support/probe', inputs: { code }, env: { TEXT: text } })
}

describe('the contract of the runner', () => {
  it('is kept by an action that says nothing', async () => {
    expectContract(
      'verify-drill',
      await runAction('probe', { root: 'test/support/probe', inputs: { code: '' } }),
    )
  })

  it.each(Object.entries(WAYS))('is kept by an action that passes on harmless text as %s', async (_, way) => {
    const run = await passOn(way, 'public.logi_identity_links: 1,234 rows, as of 2026-11-23')
    expect(isBroken(run)).toBe(false)
    expect(run.log + run.summary).toContain('logi_identity_links')
  })

  // GitHub evaluates no expression in what a step prints.
  it.each(HOSTILE_TEXTS.filter(text => !text.startsWith('${{')))(
    'is seen to be broken by an action that passes on %j',
    async text => {
      expect(await breaksSomeWay(text)).toBe(true)
    },
  )
})

/** Ends with the first way that breaks the contract: most texts break it in the first one. */
async function breaksSomeWay(text: string): Promise<boolean> {
  for (const way of Object.values(WAYS)) if (isBroken(await passOn(way, text))) return true
  return false
}

function isBroken(run: ActionRun): boolean {
  try {
    expectContract('verify-drill', run, run.annotations.length > 0 ? 'X' : undefined)
    return false
  } catch {
    return true
  }
}

it('is listed with tests that exist', () => {
  const page = readFileSync('test/hostile/README.md', 'utf8')
  const named = [...page.matchAll(/`(test\/[\w/.-]+\.test\.ts)`: ([^|;]+?) *(?=[|;])/g)]
  expect(named.length).toBeGreaterThan(15)
  for (const [, file = '', title = ''] of named) expect(readFileSync(file, 'utf8'), file).toContain(title)
})
