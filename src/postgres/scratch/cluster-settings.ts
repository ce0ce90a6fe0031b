import { totalmem } from 'node:os'
import process from 'node:process'
import { MIB } from '../../core/text/bytes.ts'

/**
 * Settings of a scratch server, as command line arguments. A restore that loses its machine starts again, so
 * nothing is flushed. The other settings were measured (docs/adr/0006): more maintenance_work_mem, which is
 * often recommended, made index builds slower.
 */
export function clusterSettings(port: number, major: number, jobs: number): readonly string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // No socket in the file system: its path may have 107 bytes at most.
    unix_socket_directories: '',
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    // With this, COPY into a table of the same transaction writes no WAL.
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '16GB',
    checkpoint_timeout: '1h',
    shared_buffers: `${sharedBuffersMib(availableMemory())}MB`,
    // One for each job of pg_restore or pg_amcheck and one for its leader. The server's default of 100 is
    // enough for the drill's sessions and a smoke command.
    max_connections: String(jobs + 100),
    // A query of a partitioned table locks each partition and each of its indexes. Room for some 130,000
    // locks takes 70 MB.
    max_locks_per_transaction: '1024',
    // In the data directory, and so always removed with it; /dev/shm has 64 MB in a container.
    dynamic_shared_memory_type: 'mmap',
    // A crash is the end: a server that recovers behind the drill's back would only delay the news.
    restart_after_crash: 'off',
    // A backend whose pg_restore was killed ends soon, even in the middle of an index.
    client_connection_check_interval: '1s',
    // Not errors of statements, which quote data; but why the server itself ended.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    // A trigger that logs or refuses DDL would judge the restore itself, and not the backup. New in 17.
    ...(major >= 17 && { event_triggers: 'off' }),
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** An eighth of the memory, but not more than pays off. */
function sharedBuffersMib(memoryBytes: number): number {
  return Math.floor(Math.min(Math.max(memoryBytes / 8, 128 * MIB), 512 * MIB) / MIB)
}

/** What this machine has, or what its container may use. */
function availableMemory(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
