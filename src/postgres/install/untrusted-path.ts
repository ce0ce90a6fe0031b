import type { Stats } from 'node:fs'
import { chmod, lstat, readdir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'

const WRITABLE_BY_GROUP = 0o020
const WRITABLE_BY_OTHERS = 0o002
const STICKY = 0o1000
const ROOT_UID = 0

/**
 * Why programs below a directory are not to be run: something in it, or above it, can be changed by another
 * user. Undefined where only root and this user can.
 */
export async function findUntrusted(directory: string): Promise<string | undefined> {
  return (await findUntrustedParent(directory)) ?? (await findUntrustedBelow(directory))
}

/** Of the directories above. Another user cannot rename ours in a sticky one such as /tmp. */
export async function findUntrustedParent(directory: string): Promise<string | undefined> {
  for (let path = dirname(directory); ; path = dirname(path)) {
    const found = await lstat(path)
    const isOfOurGroup = found.gid === userInfo().gid && (found.mode & WRITABLE_BY_OTHERS) === 0
    const reason = describeOwner(path, found) ?? (isOfOurGroup ? undefined : describeMode(path, found))
    if (reason !== undefined) return reason
    if (path === dirname(path)) return undefined
  }
}

async function findUntrustedBelow(path: string): Promise<string | undefined> {
  const found = await lstat(path)
  const owner = describeOwner(path, found)
  if (owner !== undefined || found.isSymbolicLink()) return owner
  const mode = describeMode(path, found)
  if (mode !== undefined || !found.isDirectory()) return mode
  for (const name of await readdir(path)) {
    const reason = await findUntrustedBelow(join(path, name))
    if (reason !== undefined) return reason
  }
  return undefined
}

function describeOwner(path: string, { uid }: Stats): string | undefined {
  return uid === ROOT_UID || uid === userInfo().uid ? undefined : `${path} belongs to user ${uid}`
}

function describeMode(path: string, found: Stats): string | undefined {
  const isSticky = found.isDirectory() && (found.mode & STICKY) !== 0
  if (isSticky || (found.mode & (WRITABLE_BY_GROUP | WRITABLE_BY_OTHERS)) === 0) return undefined
  return `${path} can be written by other users`
}

/** Takes the right to write from all other users: a umask such as 002 gives it to the group. */
export async function makeUnwritableByOthers(path: string): Promise<void> {
  const found = await lstat(path)
  if (found.isSymbolicLink()) return
  if ((found.mode & (WRITABLE_BY_GROUP | WRITABLE_BY_OTHERS)) !== 0)
    await chmod(path, found.mode & 0o7777 & ~(WRITABLE_BY_GROUP | WRITABLE_BY_OTHERS))
  if (!found.isDirectory()) return
  for (const name of await readdir(path)) await makeUnwritableByOthers(join(path, name))
}
