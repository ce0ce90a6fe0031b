/**
 * Rules for workflow files: what they may use, what their token may do, and what they never write into a
 * shell.
 */
import { isMap, parse, parseDocument } from 'yaml'

interface Workflow {
  readonly permissions?: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

interface Job {
  readonly 'runs-on'?: string
  readonly 'timeout-minutes'?: number
  readonly permissions?: Readonly<Record<string, string>>
  readonly needs?: string | readonly string[]
  readonly uses?: string
  readonly secrets?: unknown
  readonly steps?: readonly Step[]
}

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

/**
 * An action of GitHub's own by commit, with its version as a comment, or a path of this repository at this
 * commit.
 */
const PINNED = /uses: (actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\$\/[\w./-]+)$/

/** Every breach in one workflow, each as `file: rule`. */
export function workflowProblems(file: string, source: string): readonly string[] {
  const workflow: Workflow = parse(source)
  const problems = [
    ...[...source.matchAll(/^.*\buses: .*$/gm)]
      .filter(([line]) => !line.trim().startsWith('#') && !PINNED.test(line))
      .map(([line]) => `${line.trim()} is not pinned to a commit of actions/* with its version`),
    ...(isEmpty(workflow.permissions) ? [] : ['permissions at the top are not {}']),
    ...Object.entries(workflow.jobs).flatMap(([name, job]) =>
      jobProblems(job).map(problem => `job ${name}: ${problem}`),
    ),
    ...uncommentedPermissions(source).map(
      line => `permission "${line}" has no comment that says what it is for`,
    ),
  ]
  return problems.map(problem => `${file}: ${problem}`)
}

/** Jobs that the last job does not wait for. */
export function unwatchedJobs(source: string, last: string): readonly string[] {
  const { jobs }: Workflow = parse(source)
  const needs = [jobs[last]?.needs ?? []].flat()
  return Object.keys(jobs).filter(name => name !== last && !needs.includes(name))
}

function jobProblems(job: Job): readonly string[] {
  const problems: string[] = []
  if (job.permissions === undefined) problems.push('has no permissions')
  if (job.secrets === 'inherit') problems.push('passes on every secret; name those that are needed')
  if (job.uses !== undefined) return problems
  if (job['timeout-minutes'] === undefined) problems.push('has no timeout-minutes')
  if (job['runs-on']?.endsWith('-latest')) problems.push(`runs on ${job['runs-on']}, which moves`)
  return [...problems, ...(job.steps ?? []).flatMap(stepProblems)]
}

function stepProblems({ uses, run, with: inputs }: Step): readonly string[] {
  if (run?.includes('${'.concat('{')))
    return [`run: holds an expression; pass it by env: ${run.split('\n')[0]}`]
  if (uses?.startsWith('actions/checkout@') && inputs?.['persist-credentials'] !== false)
    return ['the checkout leaves its token behind; set persist-credentials: false']
  return []
}

function isEmpty(permissions: unknown): boolean {
  return typeof permissions === 'object' && permissions !== null && Object.keys(permissions).length === 0
}

function uncommentedPermissions(source: string): readonly string[] {
  const jobs = parseDocument(source).get('jobs')
  if (!isMap(jobs)) return []
  return jobs.items.flatMap(({ value: job }) => {
    const permissions = isMap(job) ? job.get('permissions') : undefined
    if (!isMap(permissions) || permissions.range == null) return []
    const lines = source.slice(permissions.range[0], permissions.range[2]).split('\n')
    return lines.map(line => line.trim()).filter(line => /^[\w-]+: \w+$/.test(line))
  })
}
