/**
 * Whether workflows agree with what they call: every name under `with:` and `secrets:`, and every input,
 * secret and output that an expression names, has to be declared where it comes from. GitHub says so only
 * when the workflow runs.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

type Named<T = unknown> = Readonly<Record<string, T>>

interface Workflow {
  readonly on: { readonly workflow_call?: Callable | null; readonly workflow_dispatch?: Callable | null }
  readonly jobs: Named<Job>
}

/** The interface of a reusable workflow or of an action. */
interface Callable {
  readonly inputs?: Named<Input>
  readonly secrets?: Named<Input>
  readonly outputs?: Named
}

interface Input {
  readonly required?: boolean
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly uses?: string
  readonly with?: Named
  readonly secrets?: Named
  readonly needs?: string | readonly string[]
  readonly outputs?: Named
  readonly steps?: readonly Step[]
}

interface Step {
  readonly id?: string
  readonly uses?: string
  readonly run?: string
  readonly with?: Named
}

/** Something of this repository at this commit, or as a caller names it. */
const OURS = /^(?:\$\/|OWNER\/REPO\/)((?:actions|\.github\/workflows)\/[\w./-]+?)(?:@[0-9a-f]{40})?$/

const EXPRESSION = /\$\{\{(.*?)\}\}/gs

/**
 * Every disagreement in one workflow, each as `file: where: what`. `root` is where actions and workflows are
 * looked for.
 */
export function callProblems(file: string, source: string, root = '.'): readonly string[] {
  const workflow: Workflow = parse(source)
  const problems = [
    ...Object.entries(workflow.jobs).flatMap(([name, job]) =>
      jobProblems(job, workflow, root).map(problem => `job ${name}: ${problem}`),
    ),
    ...interfaceProblems(workflow, source, root),
  ]
  return problems.map(problem => `${file}: ${problem}`)
}

function jobProblems(job: Job, workflow: Workflow, root: string): readonly string[] {
  const steps = job.steps ?? []
  return [
    ...(job.uses === undefined ? [] : calledProblems(job.uses, job, root)),
    ...(job.uses === undefined ? [] : grantProblems(job.uses, job, root)),
    ...steps.flatMap(step => (step.uses === undefined ? [] : calledProblems(step.uses, step, root))),
    ...stepOutputProblems(job, root),
    ...needsProblems(job, workflow, root),
  ]
}

/** What is passed to a callee against what it declares. */
function calledProblems(
  uses: string,
  passed: Pick<Job, 'with' | 'secrets'>,
  root: string,
): readonly string[] {
  const callee = readCallee(uses, root)
  if (callee === undefined) return []
  if (typeof callee === 'string') return [callee]
  return [
    ...passedProblems(uses, 'input', passed.with ?? {}, callee.inputs ?? {}),
    ...passedProblems(uses, 'secret', passed.secrets ?? {}, callee.secrets ?? {}),
  ]
}

/** A called workflow that asks for more than its caller may give does not start at all. */
function grantProblems(uses: string, { permissions = {} }: Job, root: string): readonly string[] {
  const path = OURS.exec(uses)?.[1] ?? ''
  if (!existsSync(join(root, path)) || path === '') return []
  const { jobs }: Workflow = parse(readFileSync(join(root, path), 'utf8'))
  const wanted = Object.values(jobs).flatMap(job => Object.entries(job.permissions ?? {}))
  return [...new Map(wanted)]
    .filter(([name, level]) => permissions[name] !== level && permissions[name] !== 'write')
    .map(([name, level]) => `${uses} asks for the permission ${name}: ${level}, which the job does not grant`)
}

function passedProblems(
  uses: string,
  kind: string,
  passed: Named,
  declared: Named<Input>,
): readonly string[] {
  const unknown = Object.keys(passed).filter(name => !(name in declared))
  const missing = Object.entries(declared).filter(([name, { required }]) => required && !(name in passed))
  return [
    ...unknown.map(name => `${uses} has no ${kind} ${name}; it has ${Object.keys(declared).join(', ')}`),
    ...missing.map(([name]) => `${uses} is called without the required ${kind} ${name}`),
  ]
}

/** Undefined for what is not ours; a text for what does not exist. */
function readCallee(uses: string, root: string): Callable | string | undefined {
  const path = OURS.exec(uses)?.[1]
  if (path === undefined) return undefined
  const file = path.startsWith('actions/') ? join(path, 'action.yml') : path
  if (!existsSync(join(root, file))) return `${uses} does not exist (${file})`
  const found = parse(readFileSync(join(root, file), 'utf8'))
  return path.startsWith('actions/') ? found : (found.on.workflow_call ?? `${uses} cannot be called`)
}

/** Expressions that read outputs of steps of their own job. */
function stepOutputProblems(job: Job, root: string): readonly string[] {
  return references(job, /\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g).flatMap(([text, id = '', output = '']) => {
    const step = job.steps?.find(candidate => candidate.id === id)
    if (step === undefined) return [`${text}: there is no step ${id}`]
    if (step.uses === undefined)
      return step.run?.includes(`${output}=`) ? [] : [`${text}: the step does not set it`]
    const callee = readCallee(step.uses, root)
    if (callee === undefined || typeof callee === 'string') return []
    return output in (callee.outputs ?? {}) ? [] : [`${text}: ${step.uses} has no such output`]
  })
}

/** Expressions that read results and outputs of other jobs. */
function needsProblems(job: Job, workflow: Workflow, root: string): readonly string[] {
  const needed = [job.needs ?? []].flat()
  const missing = needed
    .filter(name => !(name in workflow.jobs))
    .map(name => `needs ${name}, which is no job`)
  const read = references(job, /\bneeds\.([\w-]+)\.(?:outputs\.([\w-]+)|result)/g)
  return [
    ...missing,
    ...read.flatMap(([text, name = '', output]) => {
      if (!needed.includes(name)) return [`${text}: the job does not need ${name}`]
      if (output === undefined) return []
      return output in jobOutputs(workflow.jobs[name], root) ? [] : [`${text}: the job has no such output`]
    }),
  ]
}

function jobOutputs(job: Job | undefined, root: string): Named {
  if (job?.uses === undefined) return job?.outputs ?? {}
  const callee = readCallee(job.uses, root)
  return typeof callee === 'object' ? (callee.outputs ?? {}) : {}
}

/**
 * Expressions that read the workflow's own inputs and secrets, unused inputs, and outputs from its
 * jobs.
 */
function interfaceProblems({ on, jobs }: Workflow, source: string, root: string): readonly string[] {
  const declared = { ...on.workflow_call?.inputs, ...on.workflow_dispatch?.inputs }
  const inputs = new Set(references(jobs, /\binputs\.([\w-]+)/g).map(([, name = '']) => name))
  const secrets = references(jobs, /\bsecrets\.(\w+)/g).map(([, name = '']) => name)
  const own = on.workflow_call?.secrets
  return [
    ...[...inputs].filter(name => !(name in declared)).map(name => `inputs.${name} is not declared`),
    ...Object.keys(declared)
      .filter(name => !inputs.has(name))
      .map(name => `the input ${name} is read nowhere`),
    ...[...new Set(secrets)]
      .filter(name => own !== undefined && !(name in own))
      .map(name => `secrets.${name} is not declared`),
    ...[...source.matchAll(/\bjobs\.([\w-]+)\.outputs\.([\w-]+)/g)].flatMap(
      ([text, name = '', output = '']) =>
        output in jobOutputs(jobs[name], root) ? [] : [`${text}: the job has no such output`],
    ),
  ]
}

/**
 * What a pattern finds inside the expressions of a part of the workflow; `if:` is an expression without
 * marks.
 */
function references(part: unknown, pattern: RegExp): readonly RegExpMatchArray[] {
  const conditions: string[] = []
  const text = JSON.stringify(part, (key, value) => {
    if (key === 'if' && typeof value === 'string') conditions.push(value)
    return value
  })
  const expressions = [...text.matchAll(EXPRESSION)].map(([, expression = '']) => expression)
  return [...expressions, ...conditions].flatMap(expression => [...expression.matchAll(pattern)])
}
