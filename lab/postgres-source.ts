import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { arch } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { runCommand } from '../src/postgres/client-tools/run-command.ts'
import { aptEnvironment } from '../src/postgres/install/apt/apt-config.ts'
import { readDistribution, readMachineSource } from '../src/postgres/install/apt/machine-source.ts'
import { debianArchitecture, PrivateApt } from '../src/postgres/install/apt/private-apt.ts'
import { POSTGRES_18 } from './debian-packages.ts'

/**
 * PostgreSQL's own regression tests (src/test/regress), from the distribution's source package of the server
 * that the lab runs. Returns the folder with `sql/`, `data/` and `parallel_schedule`; it is unpacked once.
 */
export async function unpackRegressionTests(packages: string): Promise<string> {
  const root = join(packages, 'postgres-18-regress')
  if (!existsSync(root)) await download(root)
  return root
}

async function download(root: string): Promise<void> {
  const making = await mkdtemp(`${root}.making-`)
  try {
    await downloadSource(join(making, 'apt'))
    const archive = (await readdir(join(making, 'apt'))).find(name => /\.orig\.tar\.\w+$/.test(name))
    if (archive === undefined) throw new Error('The source package of postgresql-18 has no .orig archive.')
    const tests = join(making, 'tests')
    await mkdir(tests)
    const wanted = ['--wildcards', '*/src/test/regress/*', '--strip-components=4']
    await run('tar', ['--extract', '--file', join(making, 'apt', archive), '--directory', tests, ...wanted])
    // The server reads its data as another user when the lab runs as root.
    await chmod(tests, 0o755)
    await rename(tests, root)
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

async function downloadSource(directory: string): Promise<void> {
  const { env } = process
  const distribution = await readDistribution()
  const suite = POSTGRES_18.suites[distribution?.id === 'ubuntu' ? 'ubuntu' : 'debian']
  const source = (await readMachineSource(suite, env)).replace(/^Types:.*$/m, 'Types: deb deb-src')
  const state = `${directory}-state`
  await using apt = await PrivateApt.create({
    directory: state,
    source,
    env,
    architecture: debianArchitecture(arch()),
  })
  await apt.update()
  await mkdir(directory)
  const aptEnv = aptEnvironment(env, { APT_CONFIG: join(state, 'apt.conf') })
  await run('apt-get', ['-q', 'source', '--download-only', 'postgresql-18'], directory, aptEnv)
}

async function run(
  file: string,
  args: readonly string[],
  cwd?: string,
  env: Readonly<Record<string, string>> = { PATH: process.env.PATH ?? '' },
): Promise<void> {
  const { exitCode, stderr } = await runCommand(file, args, { env, cwd })
  if (exitCode !== 0) throw new Error(`${file} ended with ${exitCode}: ${stderr}`)
}
