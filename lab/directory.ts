import { mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'

/**
 * Where a lab keeps its things. Unpacked packages are kept apart: `down` removes the services, not the
 * packages.
 */
export interface LabDirectories {
  readonly directory: string
  readonly packages: string
  readonly services: string
}

/** PG_RUNBOOK_LAB_DIR, or one directory per user below the system's temporary directory. */
export function labDirectory(): string {
  return process.env.PG_RUNBOOK_LAB_DIR || join(tmpdir(), `pg-runbook-lab-${userId()}`)
}

/**
 * Makes the lab's directory, or takes the one that is there. Others may pass through it but not list or
 * write: the Postgres server runs as another user when we are root. Throws when it belongs to another user.
 */
export async function openLabDirectories(directory = labDirectory()): Promise<LabDirectories> {
  await mkdir(directory, { recursive: true, mode: 0o711 })
  const found = await stat(directory)
  if (found.uid !== userId() || (found.mode & 0o022) !== 0) {
    throw new Error(
      `${directory} belongs to user ${found.uid} with mode ${(found.mode & 0o777).toString(8)}; the lab needs a ` +
        `directory that only user ${userId()} can write. Set PG_RUNBOOK_LAB_DIR to another path.`,
    )
  }
  const directories = {
    directory,
    packages: join(directory, 'packages'),
    services: join(directory, 'services'),
  }
  for (const path of Object.values(directories)) await mkdir(path, { recursive: true, mode: 0o711 })
  if (userId() === 0) await demandPassage(directory)
  return directories
}

export function userId(): number {
  return process.getuid?.() ?? 0
}

/**
 * As root, the Postgres server drops to another user, who has to get through every directory above its data.
 */
async function demandPassage(directory: string): Promise<void> {
  for (let path = directory; path !== dirname(path); path = dirname(path)) {
    if (((await stat(path)).mode & 0o001) !== 0) continue
    throw new Error(
      `The Postgres server cannot run as root, and another user cannot pass through ${path}. ` +
        'Set PG_RUNBOOK_LAB_DIR to a directory below one that everybody may enter, such as /tmp/lab.',
    )
  }
}
