import { readFileSync } from 'node:fs'
import { data, Evaluator, Lexer, Parser } from '@actions/expressions'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const { jobs } = parse(readFileSync('.github/workflows/backup.yml', 'utf8'))
const report = jobs['backup-ok'].steps.at(-1)

interface Dump {
  readonly result: string
  readonly outputs: Readonly<Record<string, string>>
}

/** What GitHub makes of an expression of the last job, after the dump jobs ended so. */
function evaluate(expression: string, dump: Dump): unknown {
  const { tokens } = new Lexer(expression.replace(/^\$\{\{(.*)\}\}$/, '$1')).lex()
  const always = { name: 'always', minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(true) }
  const parsed = new Parser(tokens, ['needs'], [always]).parse()
  const needs = JSON.parse(JSON.stringify({ needs: { dump } }), data.reviver)
  return new Evaluator(parsed, needs, new Map([['always', always]])).evaluate().coerceString()
}

const TOLD = { 'failure-told': 'true' }
const SILENT = { 'failure-told': '' }

test.each([
  ['every backup succeeded', 'success', SILENT, { reports: true, outcome: 'success', verified: 'true' }],
  ['one failed, and told of it', 'failure', TOLD, { reports: false }],
  ['a runner was lost', 'failure', SILENT, { reports: true, outcome: 'failure', verified: 'false' }],
  ['databases is no JSON list', 'failure', {}, { reports: true, outcome: 'failure', verified: 'false' }],
  ['cancelled before it began', 'cancelled', {}, { reports: true, outcome: 'cancelled', verified: 'false' }],
  ['cancelled, and told of it', 'cancelled', TOLD, { reports: false }],
  ['none was started', 'skipped', {}, { reports: true, outcome: 'failure', verified: 'false' }],
])('where %s, the last job of backup.yml tells what nobody else does', (_, result, outputs, expected) => {
  const dump = { result, outputs }
  const reports = evaluate(report.if, dump) === 'true'
  expect(reports).toBe(expected.reports)
  if (!reports) return
  const { outcome, verified } = report.with
  expect({ reports, outcome: evaluate(outcome, dump), verified: evaluate(verified, dump) }).toEqual(expected)
})
