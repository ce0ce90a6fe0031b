import { join } from 'node:path'
import { libraryDirectory } from './loader.ts'

export interface CephPorts {
  readonly monitor: number
  readonly gateway: number
  /** The object store takes free ports of this range. */
  readonly first: number
  readonly last: number
}

export const FSID = '5f1d7a52-0000-4000-8000-000000000001'

/**
 * The storage classes that AWS has and this gateway is taught; to Ceph each is only a label on the same
 * pool, except that a lifecycle rule moves objects to DEEP_ARCHIVE as to a cloud tier (ceph.ts).
 */
export const STORAGE_CLASSES = [
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
] as const

/** A cluster of one: a monitor, an object store in memory, a gateway. */
export function renderCephConfig(root: string, directory: string, ports: CephPorts): string {
  const libraries = libraryDirectory(root)
  const settings = {
    fsid: FSID,
    mon_host: `v2:127.0.0.1:${ports.monitor}`,
    keyring: join(directory, 'keyring'),
    // Where the packages were unpacked: Ceph looks for its plug-ins by absolute path.
    plugin_dir: join(libraries, 'ceph'),
    erasure_code_dir: join(libraries, 'ceph', 'erasure-code'),
    osd_class_dir: join(libraries, 'rados-classes'),
    // Loopback only, one protocol, and no sockets in the file system (a path there may be 107 bytes long).
    public_addr: '127.0.0.1',
    cluster_addr: '127.0.0.1',
    ms_bind_ipv6: false,
    ms_bind_msgr1: false,
    ms_bind_port_min: ports.first,
    ms_bind_port_max: ports.last,
    admin_socket: '',
    run_dir: directory,
    log_file: join(directory, '$name.daemon.log'),
    log_to_stderr: false,
    mon_cluster_log_to_file: false,
    debug_ms: '0/0',
    // One of everything is enough here, and nothing may wait for a second.
    mon_data: join(directory, 'mon'),
    mon_data_avail_crit: 1,
    mon_allow_pool_size_one: true,
    mon_max_pg_per_osd: 1000,
    mon_osd_min_up_ratio: 0,
    // A new pool may wait for the next tick, which comes every five seconds by default.
    mon_tick_interval: 1,
    paxos_propose_interval: 0.02,
    paxos_min_wait: 0.005,
    osd_pool_default_size: 1,
    osd_pool_default_min_size: 1,
    osd_pool_default_pg_num: 8,
    osd_pool_default_pg_autoscale_mode: 'off',
    osd_crush_chooseleaf_type: 0,
    osd_data: join(directory, 'osd'),
    osd_objectstore: 'memstore',
    memstore_device_bytes: 8 * 1024 ** 3,
    osd_scrub_begin_hour: 3,
    osd_scrub_end_hour: 4,
    setuser_match_path: '',
    rgw_frontends: `beast endpoint=127.0.0.1:${ports.gateway}`,
    rgw_thread_pool_size: 64,
    rgw_override_bucket_index_max_shards: 1,
    rgw_enable_usage_log: false,
    // Objects live in memory: what was deleted has to go at once, not after the two hours of a real cluster.
    rgw_gc_obj_min_wait: 2,
    rgw_gc_processor_period: 2,
    // What is asked for comes back at once, not with the next quarter of an hour.
    rgw_restore_processor_period: 1,
    // SSE-KMS with keys of the configuration, over plain HTTP.
    rgw_crypt_require_ssl: false,
    rgw_crypt_s3_kms_backend: 'testing',
    rgw_crypt_s3_kms_encryption_keys: 'lab-key=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo=',
  }
  return `[global]\n${Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')}`
}
