import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Keys } from '../../lab/ceph.ts'
import { CEPH, unpacked } from '../../lab/debian-packages.ts'
import { openLabDirectories } from '../../lab/directory.ts'
import { inRoot } from '../../lab/loader.ts'
import { labLog } from '../../lab/log.ts'

/** Runs radosgw-admin on the lab's own Ceph. */
export async function rgwAdmin(...words: readonly string[]): Promise<void> {
  const { packages, services } = await openLabDirectories()
  const root = await unpacked(packages, CEPH, labLog)
  const config = ['-c', join(services, 'ceph', 'ceph.conf')]
  const [program = '', ...args] = inRoot(root, 'radosgw-admin', [...config, ...words])
  await promisify(execFile)(program, args)
}

/**
 * The keys of the root user of a new account. Its IAM API makes users and policies as that of AWS does
 * (https://docs.ceph.com/en/tentacle/radosgw/account/).
 */
export async function openAccount(): Promise<Keys> {
  const id = `RGW${randomBytes(8).readBigUInt64BE().toString().padStart(17, '0').slice(-17)}`
  const keys = {
    accessKeyId: `LAB${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  }
  await rgwAdmin('account', 'create', `--account-name=${id}`, `--account-id=${id}`)
  await rgwAdmin(
    ...['user', 'create', `--uid=${id}-root`, '--display-name=root', `--account-id=${id}`, '--account-root'],
    ...[`--access-key=${keys.accessKeyId}`, `--secret-key=${keys.secretAccessKey}`],
  )
  return keys
}
