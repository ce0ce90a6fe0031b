import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { openLabDirectories } from '../../lab/directory.ts'

const INSTALL_TIMEOUT_MS = 5 * 60_000

const execute = promisify(execFile)

/** A program of a package on PyPI. */
export interface PythonTool {
  readonly name: string
  readonly version: string
  /** File below bin/. */
  readonly program: string
  /** With the packages that it needs. They are found by PYTHONPATH, which is the folder above bin/. */
  readonly withDependencies: boolean
}

/**
 * The path of the program in exactly this version, kept in the lab's directory. Throws, saying what to
 * install, where pip is not to be had or does not get it.
 */
export async function findPythonTool(tool: PythonTool): Promise<string> {
  const { name, version } = tool
  const { packages } = await openLabDirectories()
  const directory = join(packages, 'python', `${name}-${version}`)
  const program = join(directory, 'bin', tool.program)
  if (existsSync(program)) return program
  await mkdir(dirname(directory), { recursive: true })
  const stage = await mkdtemp(`${directory}-`)
  try {
    // Into a directory of its own: neither a virtual environment nor rights on the system are needed.
    const dependencies = tool.withDependencies ? [] : ['--no-deps']
    const pip = ['-m', 'pip', 'install', '--quiet', ...dependencies, '--disable-pip-version-check']
    await execute('python3', [...pip, '--target', join(stage, 'tool'), `${name}==${version}`], {
      timeout: INSTALL_TIMEOUT_MS,
    })
    await rename(join(stage, 'tool'), directory)
  } catch (error) {
    throw new Error(
      `${name} ${version} cannot be had. Install python3 with pip (python3-pip on Debian and Ubuntu), and give it access to PyPI.`,
      { cause: error },
    )
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
  return program
}
