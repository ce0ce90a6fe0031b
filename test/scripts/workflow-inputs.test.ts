import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

interface Step {
  readonly uses?: string
  readonly with?: Readonly<Record<string, string>>
}

const OF_BACKUPS = 'of a backup, and this drills a database that Render recovered'
const RENDER_DEFAULT = 'the default suits every account; use the action itself otherwise'

/** Inputs of an action, or of one in a certain workflow, that are not passed, with the reason. */
const NOT_PASSED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'setup-pg18': {
    version: 'the newest release is the right one',
    components: 'the workflow knows what it needs',
    extensions: 'only a server needs them: drill.yml passes them',
    source: 'auto suits every runner',
    'apt-source': "the machine's apt configuration names a mirror",
    cache: 'on',
    'security-floor': 'warn: a backup matters more',
  },
  'dump-to-s3': { format: 'a plain script cannot be drilled' },
  'verify-drill': {
    'fail-on': 'a drill that proves nothing must be red',
    'restored-url': 'for a database that a provider recovered, not for a backup',
    'recovered-to': 'for a database that a provider recovered, not for a backup',
  },
  'render-recover': {
    'api-url': RENDER_DEFAULT,
    'address-services': RENDER_DEFAULT,
    'expires-after': RENDER_DEFAULT,
  },
  'render-status': { 'api-url': RENDER_DEFAULT, 'expected-retention': RENDER_DEFAULT },
  'render-cutover': {
    'api-url': RENDER_DEFAULT,
    'health-probes': RENDER_DEFAULT,
    'dry-run': 'for a first look, use the action itself',
    timeout: RENDER_DEFAULT,
  },
  'render-recovery.yml render-recover': {
    'environment-id': RENDER_DEFAULT,
    keep: 'true: it takes the place of the old one',
    timeout: RENDER_DEFAULT,
  },
  'render-drill.yml verify-drill': {
    backup: OF_BACKUPS,
    thaw: OF_BACKUPS,
    'max-age': OF_BACKUPS,
    'scratch-url': OF_BACKUPS,
    'live-url': OF_BACKUPS,
    amcheck: OF_BACKUPS,
    'smoke-timeout': OF_BACKUPS,
    jobs: OF_BACKUPS,
    timeout: OF_BACKUPS,
  },
  'render-recovery.yml verify-drill': {
    backup: OF_BACKUPS,
    thaw: OF_BACKUPS,
    'max-age': OF_BACKUPS,
    'scratch-url': OF_BACKUPS,
    'live-url': OF_BACKUPS,
    amcheck: OF_BACKUPS,
    'smoke-timeout': OF_BACKUPS,
    jobs: OF_BACKUPS,
    timeout: OF_BACKUPS,
  },
  'prune-backups': {
    'keep-partial': 'ninety days suit most; set it with the action itself',
    'keep-safety': 'ninety days suit most; set it with the action itself',
    'keep-referenced': 'ninety days suit most; set it with the action itself',
  },
  'report-outcome': {
    'issue-label': 'one label for all',
    'heartbeat-url': 'once per run, in the last job; a gate and a restore are not scheduled',
    details: 'the last job of backup.yml reports all databases',
  },
}

/** Defaults of a workflow that differ from the action on purpose. */
const OTHER_DEFAULT: Readonly<Record<string, string>> = {
  'backup.yml kind': 'a schedule makes daily backups',
}

const WORKFLOWS = globSync('.github/workflows/*.yml')
  .toSorted()
  .map(file => ({ file: basename(file), workflow: parse(readFileSync(file, 'utf8')) }))
  .filter(({ workflow }) => workflow.on?.workflow_call !== undefined)

const inputsOf = (action: string) => parse(readFileSync(`actions/${action}/action.yml`, 'utf8')).inputs ?? {}

function* stepsWithActions(workflow: { readonly jobs: Readonly<Record<string, { steps?: Step[] }>> }) {
  for (const { steps = [] } of Object.values(workflow.jobs))
    for (const step of steps) {
      const action = /^\$\/actions\/([\w-]+)$/.exec(step.uses ?? '')?.[1]
      if (action !== undefined) yield { action, given: step.with ?? {} }
    }
}

const isLeftOut = (file: string, action: string, input: string) =>
  [action, `${file} ${action}`].some(key => NOT_PASSED[key]?.[input] !== undefined)

describe.each(WORKFLOWS)('$file', ({ file, workflow }) => {
  const inputs = workflow.on.workflow_call.inputs ?? {}

  it('passes every input of its actions that a user may need', () => {
    const passed = new Map<string, Set<string>>()
    for (const { action, given } of stepsWithActions(workflow))
      passed.set(action, new Set([...(passed.get(action) ?? []), ...Object.keys(given)]))
    for (const [action, names] of passed) {
      const missing = Object.keys(inputsOf(action)).filter(
        input => !names.has(input) && !isLeftOut(file, action, input),
      )
      expect(missing, `${action} in ${file}`).toEqual([])
    }
  })

  it('passes nothing that its actions do not have', () => {
    for (const { action, given } of stepsWithActions(workflow))
      expect(Object.keys(inputsOf(action)), `${action} in ${file}`).toEqual(
        expect.arrayContaining(Object.keys(given)),
      )
  })

  it('has the defaults of its actions', () => {
    for (const { action, given } of stepsWithActions(workflow))
      for (const [input, value] of Object.entries(given)) {
        const passed = /^\$\{\{ inputs\.([\w-]+)(?: \|\| [^}]*)? \}\}$/.exec(String(value))?.[1]
        if (passed !== input || inputs[input] === undefined || inputs[input].required) continue
        if (`${file} ${input}` in OTHER_DEFAULT) continue
        expect(String(inputs[input].default), `${input} of ${action} in ${file}`).toBe(
          String(inputsOf(action)[input].default ?? ''),
        )
      }
  })
})
