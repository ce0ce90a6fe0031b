import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { parse } from 'yaml'
import { parseCommandLine } from '../runner/command-line.ts'
import type { ActionRun } from '../runner.ts'
import { MARK } from './texts.ts'

/** Commands that an action of ours may give. */
const OURS = ['add-mask', 'debug', 'endgroup', 'error', 'group', 'warning']

/** Annotations of each level that GitHub keeps of one step. */
const ANNOTATION_LIMIT = 10

/** HTML that our summaries have; everything else came from outside. */
const TAGS = /<\/?(?:code|span|details|summary|br)>/g

/**
 * Control characters, bidirectional overrides, what has no width, line separators: nothing of it belongs into
 * a log.
 */
const INVISIBLE = /[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/**
 * What every run must keep with any content of the database: no command but our own, one error at most and
 * only of ours, no mask, output, state or variable set by others, a log without control characters,
 * a page that is still ours.
 */
export function expectContract(name: string, run: ActionRun, failure?: string): void {
  expect(run.exitCode, run.log).toBe(failure === undefined ? 0 : 1)
  expectOwnCommands(run)
  const errors = run.annotations.filter(({ level }) => level === 'error')
  expect(errors.map(({ title }) => title)).toEqual(failure === undefined ? [] : [`${name}: ${failure}`])
  for (const level of ['warning', 'notice'] as const)
    expect(run.annotations.filter(found => found.level === level).length).toBeLessThanOrEqual(
      ANNOTATION_LIMIT,
    )
  // A connection URL is a secret, also that of a role with a hostile name.
  expect(run.secrets.filter(secret => secret.includes(MARK) && !secret.startsWith('postgres'))).toEqual([])
  expectOwnFiles(name, run)
  expect(run.log).not.toMatch(INVISIBLE)
  expectWholePage(run.summary)
  expect(run.leftFiles).toEqual([])
  expect(run.leftProcesses).toEqual([])
}

function expectOwnCommands({ rawLog }: ActionRun): void {
  for (const line of rawLog.split('\n')) {
    const command = parseCommandLine(line)
    if (command === undefined) continue
    expect(OURS, line).toContain(command.name)
    expect(command.name === 'error' && !/^::error title=[\w-]+%3A [A-Z_]+::/.test(line), line).toBe(false)
    expect(command.data.startsWith(MARK), line).toBe(false)
    // The runner splits an annotation into lines again where it prints it into the log.
    for (const part of command.data.split(/\r\n|\r|\n/)) expect(parseCommandLine(part), part).toBeUndefined()
  }
}

/** The file commands: exactly the outputs of action.yml, and nothing for the steps that follow. */
function expectOwnFiles(name: string, run: ActionRun): void {
  const { outputs = {} } = parse(readFileSync(`actions/${name}/action.yml`, 'utf8'))
  for (const output of Object.keys(run.outputs)) expect(Object.keys(outputs)).toContain(output)
  expect(run.droppedOutputs).toEqual([])
  expect(run.env).toEqual({})
  expect(run.paths).toEqual([])
  expect(Object.keys(run.state).filter(key => key === 'forged')).toEqual([])
}

/** A summary whose structure is ours: text from outside opens, closes and draws nothing. */
export function expectWholePage(summary: string): void {
  expect(summary).not.toMatch(INVISIBLE)
  const page = withoutCode(summary)
  const bare = page.replace(TAGS, '')
  expect(bare).not.toMatch(/<[a-z!/]/i)
  expect(bare).not.toMatch(/\]\(|!\[/)
  expect(page).not.toMatch(/@octocat|https:\/\/evil/)
  // The verdict of a page is a heading with a sign, and may name what came from outside.
  expect(page).not.toMatch(new RegExp(`^\\s*(#(?!# [^\\w\\s#])|::|~~~).*${MARK}`, 'm'))
  expect(page).not.toMatch(new RegExp(`[*_]${MARK}|\\$\\\\color`))
  for (const tag of ['code', 'span', 'details', 'summary'])
    expect(page.split(`<${tag}>`).length, tag).toBe(page.split(`</${tag}>`).length)
  for (const table of page.match(/(?:^\|.*\n?)+/gm) ?? []) {
    const columns = table
      .trimEnd()
      .split('\n')
      .map(row => row.split('|').length)
    expect(new Set(columns).size, table).toBe(1)
  }
}

/** Fails where a block of code does not end by its own fence. */
function withoutCode(summary: string): string {
  const page: string[] = []
  let fence: string | undefined
  for (const line of summary.split('\n')) {
    const opened = /^(`{3,})\w*$/.exec(line)?.[1]
    if (fence === undefined && opened !== undefined) fence = opened
    else if (fence === undefined) page.push(line)
    else if (line === fence) fence = undefined
  }
  expect(fence).toBeUndefined()
  return page.join('\n')
}
