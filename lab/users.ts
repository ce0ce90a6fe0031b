import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { identify, isRunning } from './pid-file.ts'

/** Written by `lab up`: the lab stays until `lab down`, with or without other users. */
const KEEP = 'keep'

/** Notes that a process uses the lab. The caller holds the lock. */
export async function addHolder(directory: string, pid: number): Promise<void> {
  await mkdir(holders(directory), { recursive: true })
  await writeFile(join(holders(directory), `${pid}`), JSON.stringify(identify('holder', pid, 'SIGTERM')))
}

/** Removes a process from the users of the lab; true when no process needs the lab any more. */
export async function removeHolder(directory: string, pid: number): Promise<boolean> {
  await rm(join(holders(directory), `${pid}`), { force: true })
  const left = await readdir(holders(directory))
  if (left.includes(KEEP)) return false
  const texts = await Promise.all(left.map(name => readFile(join(holders(directory), name), 'utf8')))
  return !texts.some(text => isRunning(JSON.parse(text)))
}

export async function keepLab(directory: string): Promise<void> {
  await mkdir(holders(directory), { recursive: true })
  await writeFile(join(holders(directory), KEEP), '')
}

export async function removeHolders(directory: string): Promise<void> {
  await rm(holders(directory), { recursive: true, force: true })
}

function holders(directory: string): string {
  return join(directory, 'holders')
}
