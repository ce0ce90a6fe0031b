import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { layerProblems } from '../scripts/check/layers.ts'

const files = globSync(['src/**/*.ts', 'test/**/*.ts', 'lab/**/*.ts', 'scripts/**/*.ts']).toSorted()

describe('the code base', () => {
  it('is found', () => {
    expect(files).toContain('src/main.ts')
    expect(files).toContain('src/core/errors.ts')
    expect(files).toContain('test/architecture.test.ts')
  })

  it('keeps to its layers', () => {
    expect(files.flatMap(file => layerProblems(file, readFileSync(file, 'utf8')))).toEqual([])
  })
})

// Written in pieces, so that this file does not break the rules it tests.
const VI = 'vi'
const DEFAULT = 'default'
const SKIP = 'skip'

describe('the checker', () => {
  test.each([
    ['src/core/a.ts', `import { readFile } from 'node:fs/promises'`, 'core may import node:crypto'],
    ['src/core/a.ts', `import process from 'node:process'`, 'core may import node:crypto'],
    ['src/core/a.ts', `import { Client } from 'pg'`, 'confined to src/postgres'],
    [
      'src/core/a.ts',
      `import type { Session } from '../postgres/session.ts'`,
      'core does not import postgres',
    ],
    [
      'src/core/a.ts',
      `import {\n  dump,\n  restore,\n} from '../steps/dump.ts'`,
      'core does not import steps',
    ],
    ['src/core/a.ts', `export { dump } from '../steps/dump.ts'`, 'core does not import steps'],
    ['src/core/a.ts', `export * from '../runner/log.ts'`, 'core does not import runner'],
    ['src/core/a.ts', `import '../storage/upload.ts'`, 'core does not import storage'],
    ['src/core/a.ts', `const now = Date.now()`, 'core is pure'],
    ['src/core/a.ts', `const now = new Date()`, 'core is pure'],
    ['src/core/a.ts', `const id = Math.random()`, 'core is pure'],
    ['src/core/a.ts', `process.exit(1)`, 'do not touch the process'],
    ['src/core/a.ts', `import { readDocs } from '../../scripts/docs.ts'`, 'nothing outside src'],
    ['src/core/a.ts', `import { z } from 'zod'`, "in no layer's list"],
    ['src/core/a.ts', `import { pgFake } from 'pg-fake'`, "in no layer's list"],
    [
      'src/postgres/a.ts',
      `import { upload } from '../storage/upload.ts'`,
      'postgres does not import storage',
    ],
    ['src/postgres/a.ts', `import { dump } from '../steps/dump.ts'`, 'postgres does not import steps'],
    ['src/postgres/a.ts', `import { actionsLog } from '../runner/log.ts'`, 'postgres does not import runner'],
    ['src/postgres/a.ts', `import * as core from '@actions/core'`, 'confined to src/runner'],
    ['src/postgres/a.ts', `import type { S3Client } from '@aws-sdk/client-s3'`, 'confined to src/storage'],
    ['src/storage/a.ts', `import { exec } from '@actions/exec'`, 'confined to src/postgres'],
    ['src/storage/a.ts', `import { runTool } from '../postgres/tool.ts'`, 'storage does not import postgres'],
    ['src/storage/a.ts', `const region = process.env.AWS_REGION`, 'process.env is read only in src/runner'],
    [
      'src/storage/a.ts',
      `const region = process['env']['AWS_REGION']`,
      'process.env is read only in src/runner',
    ],
    ['src/storage/a.ts', `const { env } = process`, 'process.env is read only in src/runner'],
    ['src/storage/a.ts', `import { env } from 'node:process'`, 'process.env is read only in src/runner'],
    [
      'src/steps/a.ts',
      `import { runTool } from '../postgres/tool.ts'`,
      'only types (import type) from postgres',
    ],
    [
      'src/steps/a.ts',
      `import { type Log, run } from '../storage/a.ts'`,
      'only types (import type) from storage',
    ],
    ['src/steps/a.ts', `import * as core from '@actions/core'`, 'confined to src/runner'],
    ['src/steps/a.ts', `import { spawn } from 'node:child_process'`, 'steps may import node:crypto'],
    ['src/steps/a.ts', `import type { Inputs } from '../runner/inputs.ts'`, 'steps does not import runner'],
    ['src/runner/a.ts', `import { dump } from '../steps/dump.ts'`, 'runner does not import steps'],
    ['src/runner/a.ts', `import { Pool } from 'pg'`, 'confined to src/postgres'],
    ['src/actions/dump/run.ts', `import { setup } from '../setup/run.ts'`, 'does not import another action'],
    ['src/actions/store-inputs.ts', `import { a } from './dump/inputs.ts'`, 'does not import another action'],
    ['src/actions/dump/run.ts', `import * as core from '@actions/core'`, 'confined to src/runner'],
    [
      'src/core/a.ts',
      `import { parse } from 'yaml'`,
      'confined to src/actions/verify-drill/criteria-file.ts',
    ],
    ['src/actions/verify-drill/run.ts', `import { parse } from 'yaml'`, 'verify-drill/criteria-file.ts'],
    ['src/main.ts', `import { dump } from './steps/dump.ts'`, 'main does not import steps'],
    ['src/helper/a.ts', `import { OperatorError } from '../core/errors.ts'`, 'src/helper is not a layer'],
    ['src/runner/a.ts', `const pg = await import('pg')`, 'no import()'],
    ['src/runner/a.ts', `const pg = require('pg')`, 'no require()'],
    ['src/runner/a.ts', `export ${DEFAULT} function run() {}`, 'no default exports'],
    ['src/core/utils.ts', '', 'named after what it holds'],
    ['test/a.test.ts', `${VI}.mock('node:fs')`, 'no module mocks'],
    ['test/a.test.ts', `it.${SKIP}('works', () => {})`, 'no test is skipped'],
    ['test/a.test.ts', `describe.${SKIP}If(root)('works', () => {})`, 'no test is skipped'],
  ])('catches in %s: %s', (file, source, rule) => {
    const [problem = 'nothing was caught', ...more] = layerProblems(file, `${source}\n`)
    expect(problem).toContain(rule)
    expect(problem).toMatch(new RegExp(`^${file}:1: .`))
    expect(more).toSatisfy((rest: string[]) => rest.length <= 1)
  })

  test.each([
    ['src/core/a.ts', `import { createHash } from 'node:crypto'`],
    ['src/core/a.ts', `import { parse } from './manifest.ts'`],
    ['src/core/a.ts', ` * Never reads process.env, never calls Date.now() or import().`],
    ['src/core/a.ts', `const at = new Date(instant) // not Date.now(): time is given`],
    ['src/postgres/a.ts', `import { Client } from 'pg'`],
    ['src/postgres/install/a.ts', `import { OperatorError } from '../../core/errors.ts'`],
    ['src/storage/a.ts', `import { S3Client } from '@aws-sdk/client-s3'`],
    ['src/steps/a.ts', `import type { Session } from '../postgres/session.ts'`],
    ['src/runner/a.ts', `const path = process.env.PATH`],
    ['src/actions/dump/run.ts', `import { dump } from '../../steps/dump.ts'`],
    ['src/actions/dump/inputs.ts', `import { readStore } from '../store-inputs.ts'`],
    ['src/actions/dump/run.ts', `import { readInputs } from './inputs.ts'`],
    ['src/actions/verify-drill/criteria-file.ts', `import { parseDocument } from 'yaml'`],
    ['src/main.ts', `import { dump } from './actions/dump/run.ts'`],
  ])('lets pass in %s: %s', (file, source) => {
    expect(layerProblems(file, source)).toEqual([])
  })

  it('names the line of a breach', () => {
    expect(layerProblems('src/core/a.ts', `/** A. */\n\nimport {\n  a,\n} from 'pg'\n`)).toEqual([
      'src/core/a.ts:3: the package is confined to src/postgres, this is core (imports pg)',
    ])
  })
})
