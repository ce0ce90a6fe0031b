import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import type { Log } from '../src/core/log.ts'
import { wrapTools } from '../src/postgres/install/apt/loader-wrappers.ts'
import { readDistribution, readMachineSource } from '../src/postgres/install/apt/machine-source.ts'
import { unpackPackages } from './apt-root.ts'
import { withLock } from './lock.ts'

export interface PackageSet {
  /** The name of its root. A change of what is in it needs a new name. */
  readonly name: string
  /** Where to find it, by distribution. Measured on Debian; what Ubuntu carries was not tried here. */
  readonly suites: Readonly<Record<'debian' | 'ubuntu', string>>
  readonly packages: readonly string[]
  /** Which packages of the closure are needed; all of them, when left out. */
  readonly keep?: (name: string) => boolean
  /** What is left to do once everything is unpacked. */
  readonly finish?: (root: string) => Promise<unknown>
}

/**
 * Ceph's programs and their libraries. Its packages ask for Python, LVM and systemd, which nothing here
 * calls.
 */
export const CEPH: PackageSet = {
  name: 'ceph-20',
  suites: { debian: 'forky', ubuntu: 'resolute' },
  packages: ['ceph-mon', 'ceph-osd', 'radosgw'],
  keep: name => /^(ceph-(base|common|mon|osd)|radosgw|lib.*|zlib1g)$/.test(name) && !NOT_FOR_CEPH.test(name),
}

const NOT_FOR_CEPH = /^lib(python|perl|binutils|gprofng|ctf|systemd-shared|pam|semanage|lvm|c-l10n|c-gconv)/

export const POSTGRES_18: PackageSet = {
  name: 'postgres-18',
  suites: { debian: 'forky', ubuntu: 'resolute' },
  packages: ['postgresql-18', 'postgresql-client-18'],
  keep: name => !NOT_FOR_POSTGRES.test(name),
  finish: wrapTools,
}

const NOT_FOR_POSTGRES = /^(perl|libperl|lib.*-perl|systemd|debconf|locales|libc-l10n)/

/** A pooler, for what goes wrong behind one. */
export const PGBOUNCER: PackageSet = {
  name: 'pgbouncer',
  suites: { debian: 'forky', ubuntu: 'resolute' },
  packages: ['pgbouncer'],
  keep: name =>
    /^(pgbouncer|lib.*|zlib1g)$/.test(name) && !/^lib(perl|.*-perl|systemd-shared|pam-modules)/.test(name),
}

/** Client programs older than the server. */
export const OLD_CLIENT: PackageSet = {
  name: 'old-client',
  suites: { debian: 'trixie', ubuntu: 'noble' },
  packages: ['postgresql-client'],
  keep: name => !NOT_FOR_POSTGRES.test(name),
}

/** Swift's servers with the Python that runs them. */
export const SWIFT: PackageSet = {
  name: 'swift-2.30',
  suites: { debian: 'bookworm', ubuntu: 'jammy' },
  packages: ['swift-proxy', 'swift-account', 'swift-container', 'swift-object'],
  keep: name =>
    /^(python3.*|swift.*|lib.*|zlib1g|media-types|netbase)$/.test(name) && !NOT_FOR_SWIFT.test(name),
}

const NOT_FOR_SWIFT = /perl|systemd|^lib(pam|icu|zmq|norm|pgm|gomp)|^python3-(pip|wheel|docutils|roman)$/

/** A first start downloads up to 90 MB per root; a second caller waits for it. */
const LOCK_TIMEOUT_MS = 10 * 60_000

/** The root where a set of packages is unpacked, created on first use; concurrent callers wait. */
export async function unpacked(directory: string, set: PackageSet, log: Log): Promise<string> {
  const root = join(directory, set.name)
  await withLock(root, LOCK_TIMEOUT_MS, async () => {
    if (!existsSync(root)) await unpack(root, set, log)
  })
  return root
}

/** The root appears under its name only when it is complete, so an interrupted one is never used. */
async function unpack(root: string, set: PackageSet, log: Log): Promise<void> {
  await removeInterrupted(root)
  // A name of its own: apt and tar of a killed attempt may still be at work in theirs.
  const making = `${root}${MAKING}${randomBytes(4).toString('hex')}`
  const { env } = process
  const distribution = await readDistribution()
  const source = await readMachineSource(set.suites[distribution?.id === 'ubuntu' ? 'ubuntu' : 'debian'], env)
  const { packages, keep = () => true } = set
  const found = await unpackPackages({ root: making, source, packages, keep, env, log })
  await set.finish?.(making)
  await writeFile(join(making, 'packages.txt'), found.map(p => `${p.name} ${p.version}\n`).join(''))
  await rename(making, root)
}

const MAKING = '.making-'

async function removeInterrupted(root: string): Promise<void> {
  const left = (await readdir(dirname(root))).filter(name => name.startsWith(`${basename(root)}${MAKING}`))
  await Promise.all(
    left.map(name => rm(join(dirname(root), name), { recursive: true, force: true, maxRetries: 3 })),
  )
}
