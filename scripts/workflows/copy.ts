import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** A commit that stands for this one, as examples/ name it. */
export const REF = '0'.repeat(40)
export const SUITE = `OWNER/REPO@${REF}`

/** One change that a workflow needs before act runs it. Made in the copy only, and counted. */
export interface Rewrite {
  readonly from: RegExp
  readonly to: string
  readonly why: string
  /** What `to` is, where its text is another in every run. */
  readonly toWhat?: string
}

/**
 * What act 0.2.87 refuses, or cannot know. docs/workflows.md lists what else it ignores.
 */
export const REFUSED_BY_ACT: readonly Rewrite[] = [
  {
    from: /uses: \$\/(\S+)/g,
    to: `uses: OWNER/REPO/$1@${REF}`,
    why: 'act does not know $/ (nektos/act#6189); the same files, found by --local-repository',
  },
  { from: /^ +queue: max\n/gm, to: '', why: 'not in act’s schema; act knows no concurrency at all' },
  { from: /^ +timezone: .*\n/gm, to: '', why: 'not in act’s schema; act runs no schedule' },
]

/** How often each rewrite was made in which file. */
export type Rewritten = Map<string, number>

/** This repository as a caller's workflow would fetch it: actions, dist and reusable workflows. */
export function copySuite(target: string, dist: string, rewritten: Rewritten): void {
  cpSync('actions', join(target, 'actions'), { recursive: true })
  cpSync(dist, join(target, 'dist'), { recursive: true })
  copyWorkflows(globSync('.github/workflows/*.yml'), target, REFUSED_BY_ACT, rewritten)
}

/** A repository that calls ours: workflows, other files, and a commit that act can read. */
export function makeCaller(
  target: string,
  workflows: readonly string[],
  files: Readonly<Record<string, string>>,
  rewrites: readonly Rewrite[],
  rewritten: Rewritten,
): void {
  copyWorkflows(workflows, target, [...REFUSED_BY_ACT, ...rewrites], rewritten)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(target, path, '..'), { recursive: true })
    writeFileSync(join(target, path), text)
  }
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=operator', '-c', 'user.email=operator@example.com', ...args], {
      cwd: target,
      stdio: 'ignore',
    })
  git('init', '--initial-branch=main')
  git('remote', 'add', 'origin', 'https://github.com/example/logi')
  git('add', '--all')
  git('commit', '--no-gpg-sign', '--message', 'As the operators would commit it')
}

function copyWorkflows(
  files: readonly string[],
  target: string,
  rewrites: readonly Rewrite[],
  rewritten: Rewritten,
): void {
  const folder = join(target, '.github', 'workflows')
  mkdirSync(folder, { recursive: true })
  for (const file of files)
    writeFileSync(
      join(folder, basename(file)),
      rewrite(file, readFileSync(file, 'utf8'), rewrites, rewritten),
    )
  if (readdirSync(folder).length === 0) throw new Error(`There are no workflows to copy into ${folder}`)
}

function rewrite(file: string, text: string, rewrites: readonly Rewrite[], rewritten: Rewritten): string {
  return rewrites.reduce((before, { from, to, why, toWhat = to }) => {
    const count = [...before.matchAll(from)].length
    const what = `${file}: ${from.source} → ${toWhat || '(left out)'}: ${why}`
    if (count > 0) rewritten.set(what, (rewritten.get(what) ?? 0) + count)
    return before.replace(from, to)
  }, text)
}
