import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CephPorts, FSID, renderCephConfig, STORAGE_CLASSES } from './ceph-config.ts'
import { command } from './command.ts'
import { inRoot } from './loader.ts'
import { answers, freePort, randomRange } from './ports.ts'
import { type ServiceContext, type ServiceFacts, waitUntil } from './service.ts'

export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Credentials for the lab only. They open nothing else, so they may stand here. */
export const LAB_KEYS: Keys = {
  accessKeyId: 'LABONLYACCESSKEY0001',
  secretAccessKey: 'lab-only-secret-key-opens-nothing-else-01',
}

/** A user who exists, owns nothing, and may not create buckets. */
export const STRANGER_KEYS: Keys = {
  accessKeyId: 'LABONLYACCESSKEY0002',
  secretAccessKey: 'lab-only-secret-key-opens-nothing-else-02',
}

/** The bucket location that clients see. */
export const REGION = 'us-east-1'

/** Ceph's programs with the cluster's configuration. */
interface Cluster {
  readonly directory: string
  readonly config: string
  line(program: string, ...args: readonly string[]): readonly string[]
}

/**
 * Starts a Ceph cluster of one monitor, one in-memory object store and one gateway, as plain processes of
 * this user: no root, no chroot, no manager. The first OSD is written into the initial map, which makes
 * Ceph's Python command line needless.
 */
export async function startCeph(context: ServiceContext, root: string): Promise<ServiceFacts> {
  const ports = await choosePorts()
  const cluster = await createCluster(context.directory, root, ports)
  const daemon = (program: string, ...args: readonly string[]) =>
    context.daemon(program, cluster.line(program, '-c', cluster.config, '-f', ...args))
  const monitor = await daemon('ceph-mon', '-i', 'a')
  const store = await daemon('ceph-osd', '-i', '0')
  await configureGateway(cluster, ports.gateway)
  const gateway = await daemon('radosgw', '-n', 'client.admin')
  await waitUntil(() => answers(ports.gateway), [monitor, store, gateway], 30_000)
  return { port: ports.gateway }
}

async function choosePorts(): Promise<CephPorts> {
  const [monitor, gateway] = [await freePort(), await freePort()]
  return { monitor, gateway, ...randomRange(16) }
}

async function createCluster(directory: string, root: string, ports: CephPorts): Promise<Cluster> {
  const path = (name: string) => join(directory, name)
  const config = path('ceph.conf')
  const line = (program: string, ...args: readonly string[]) => inRoot(root, program, args)
  await Promise.all(['mon', 'osd'].map(name => mkdir(path(name), { mode: 0o700 })))
  await writeFile(config, renderCephConfig(root, directory, ports))
  await writeFile(path('keyring'), '', { mode: 0o600 })
  for (const [name, ...capabilities] of KEYS) {
    await command(line('ceph-authtool', path('keyring'), '--gen-key', '-n', name, ...capabilities))
  }
  const address = `[v2:127.0.0.1:${ports.monitor}]`
  await command(line('monmaptool', '--create', '--fsid', FSID, '--addv', 'a', address, path('monmap')))
  await command(line('osdmaptool', '--createsimple', '1', path('osdmap'), '-c', config))
  const maps = ['--monmap', path('monmap'), '--osdmap', path('osdmap'), '--keyring', path('keyring')]
  await command(line('ceph-mon', '-c', config, '--mkfs', '-i', 'a', ...maps))
  await command(line('ceph-osd', '-c', config, '--mkfs', '-i', '0', '--no-mon-config'))
  return { directory, config, line }
}

/** Users and storage classes. The first command waits until the cluster is up: it creates the pools. */
async function configureGateway(cluster: Cluster, port: number): Promise<void> {
  const admin = (...args: readonly string[]) =>
    command(cluster.line('radosgw-admin', '-c', cluster.config, ...args), { timeoutMs: 60_000 })
  const user = (id: string, keys: Keys, ...more: readonly string[]) =>
    admin(
      ...['user', 'create', `--uid=${id}`, `--display-name=${id}`, ...more],
      ...[`--access-key=${keys.accessKeyId}`, `--secret-key=${keys.secretAccessKey}`],
    )
  await user('lab', LAB_KEYS)
  await user('stranger', STRANGER_KEYS, '--max-buckets=-1')
  const edit = async <T>(what: string, change: (config: T) => void) => {
    const config = JSON.parse(await admin(what, 'get'))
    change(config)
    const file = join(cluster.directory, `${what}.json`)
    await writeFile(file, JSON.stringify(config))
    await admin(what, 'set', '--infile', file)
  }
  await edit<ZoneGroup>('zonegroup', group => {
    group.api_name = REGION
    for (const target of group.placement_targets) {
      target.storage_classes = ['STANDARD', ...STORAGE_CLASSES]
      target.tier_targets = [{ key: 'DEEP_ARCHIVE', val: coldTier(port) }]
    }
  })
  await edit<Zone>('zone', zone => {
    for (const { val } of zone.placement_pools) {
      for (const name of STORAGE_CLASSES) val.storage_classes[name] = { data_pool: DATA_POOL }
    }
  })
}

/**
 * A class whose objects leave the bucket for another store, which is this gateway again: they have to be
 * restored before they can be read. https://docs.ceph.com/en/tentacle/radosgw/cloud-restore/
 */
function coldTier(port: number) {
  return {
    tier_type: 'cloud-s3',
    storage_class: 'DEEP_ARCHIVE',
    retain_head_object: true,
    s3: {
      endpoint: `http://127.0.0.1:${port}`,
      access_key: LAB_KEYS.accessKeyId,
      secret: LAB_KEYS.secretAccessKey,
      region: REGION,
      host_style: 'path',
      target_path: 'cold-tier',
      multipart_sync_threshold: 33554432,
      multipart_min_part_size: 33554432,
    },
    restore_storage_class: 'STANDARD',
  }
}

const DATA_POOL = 'default.rgw.buckets.data'

const KEYS: ReadonlyArray<readonly [name: string, ...capabilities: string[]]> = [
  ['mon.', '--cap', 'mon', 'allow *'],
  ['client.admin', '--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *'],
  [
    'osd.0',
    '--cap',
    'mon',
    'allow profile osd',
    '--cap',
    'osd',
    'allow *',
    '--cap',
    'mgr',
    'allow profile osd',
  ],
]

/** What is changed of radosgw-admin's JSON. */
interface ZoneGroup {
  api_name: string
  placement_targets: { storage_classes: string[]; tier_targets: unknown[] }[]
}

interface Zone {
  placement_pools: { val: { storage_classes: Record<string, { data_pool: string }> } }[]
}
