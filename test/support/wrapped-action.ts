import { chmod, chown, copyFile, cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { createWorkplace } from './runner/workplace.ts'
import type { ActionOptions } from './runner.ts'

/** The uid and gid of the user `nobody` of every Linux. */
const NOBODY = 65_534

/** Where an action runs that is started through another program; `env` and `dist` go into ActionOptions. */
export interface Wrapped extends Required<Pick<ActionOptions, 'dist' | 'env'>> {
  readonly directory: string
}

/**
 * The action with a small disk as RUNNER_TEMP, in a mount namespace of its own, which ends with it. An
 * ordinary user gets to mount in a user namespace, and is itself again in another inside it. Says in its log
 * what is left on the disk.
 */
export async function onSmallDisk(action: string, size: string): Promise<Wrapped> {
  const directory = await openDirectory()
  const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()]
  const enter = uid === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount']
  const back = uid === 0 ? [] : ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`]
  const main = [...back, process.execPath, resolve('dist', action, 'main.js')]
  // No shell: it would drop the variables of inputs that have a hyphen in their names.
  const dist = await writeMain(
    action,
    `import { spawnSync } from 'node:child_process'
     import { readdirSync } from 'node:fs'
     const run = ([program, ...args]) => spawnSync(program, args, { stdio: 'inherit' }).status
     const [node, self, isInside] = process.argv
     if (isInside) {
       run(['mount', '-t', 'tmpfs', '-o', 'size=${size},mode=755', 'tmpfs', '${directory}'])
       process.exitCode = run(${JSON.stringify(main)})
       console.log('LEFT ON THE DISK: ' + (readdirSync('${directory}').join() || 'nothing'))
     } else process.exitCode = run(['unshare', ...${JSON.stringify(enter)}, node, self, 'inside'])`,
  )
  return { directory, dist, env: { RUNNER_TEMP: directory, TMPDIR: directory } }
}

/**
 * The action as an ordinary user: as `nobody` if the test runs as root, with copies of what only root can
 * reach.
 */
export async function asOrdinaryUser(action: string): Promise<Wrapped> {
  const directory = await openDirectory()
  if (process.getuid?.() !== 0) return { directory, dist: 'dist', env: { RUNNER_TEMP: directory } }
  const node = join(directory, 'node')
  const temp = join(directory, 'temp')
  await cp('dist', join(directory, 'dist'), { recursive: true })
  await copyFile(process.execPath, node)
  await mkdir(temp)
  await chown(temp, NOBODY, NOBODY)
  const main = join(directory, 'dist', action, 'main.js')
  const dist = await writeMain(
    action,
    `import { spawnSync } from 'node:child_process'
     import { appendFileSync, readFileSync, writeFileSync, chownSync } from 'node:fs'
     const env = { ...process.env }
     const files = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY']
     for (const name of files) {
       env[name] = '${directory}/' + name
       writeFileSync(env[name], '')
       chownSync(env[name], ${NOBODY}, ${NOBODY})
     }
     const cwd = '${directory}'
     process.exitCode = spawnSync('${node}', ['${main}'], { uid: ${NOBODY}, gid: ${NOBODY}, env, cwd, stdio: 'inherit' }).status
     for (const name of files) appendFileSync(process.env[name], readFileSync(env[name]))`,
  )
  return { directory, dist, env: { RUNNER_TEMP: temp, HOME: temp } }
}

/** A directory that every user may enter. The caller removes it. */
async function openDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  await chmod(directory, 0o755)
  return directory
}

async function writeMain(action: string, script: string): Promise<string> {
  const dist = join(createWorkplace().workspace, 'dist')
  await mkdir(join(dist, action), { recursive: true })
  await writeFile(join(dist, action, 'main.js'), script)
  await writeFile(join(dist, 'package.json'), '{"type":"module"}')
  return dist
}
