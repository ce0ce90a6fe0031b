import { type ErrorCode, OperatorError } from '../../core/errors.ts'

interface Cause {
  readonly match: RegExp
  readonly code: ErrorCode
  readonly hint: string
}

const WORKER_ENDED = /^a worker process (died|is dead)/

/** No reason that is known: a worker was killed, or its words were lost. */
export function saysNothing(error: unknown, said: readonly string[]): boolean {
  if (!(error instanceof OperatorError) || error.facts.signal !== undefined) return false
  return error.facts.blame === 'unknown' || (said.length > 0 && said.every(text => WORKER_ENDED.test(text)))
}

/**
 * What ends a pg_restore without saying anything about the archive: the first that fits. Each pattern is
 * for the beginning of a message: further on, and in the command that pg_restore quotes, are names and
 * texts of the database.
 */
const NOT_THE_ARCHIVE: readonly Cause[] = [
  {
    match: /^((ERROR|FATAL): +)?could not (resize|map|open|create) shared memory segment/,
    code: 'DATABASE_FAILED',
    hint: 'The server has too little shared memory for parallel work, which is not its disk: a container has 64 MB of /dev/shm. Start it with --shm-size=1g, or with dynamic_shared_memory_type=mmap, or with max_parallel_maintenance_workers=0 and max_parallel_workers_per_gather=0.',
  },
  {
    match: /^((ERROR|FATAL|PANIC): +)?could not .*: No space left on device$/,
    code: 'DISK_FULL',
    hint: 'Use a server with a larger disk, or, for one that a drill makes, set RUNNER_TEMP to one.',
  },
  {
    match: /^(pg_restore|psql) ended with signal|^a worker process (died|is dead)/,
    code: 'TOOL_FAILED',
    hint: 'It was killed from outside, mostly by the kernel because memory ran out. Lower jobs, or use a larger machine, and run the step again.',
  },
  {
    match: /^FATAL: +(sorry, too many clients|too many connections|remaining connection slots)/,
    code: 'DATABASE_UNREACHABLE',
    hint: 'All connections of the server are in use: lower jobs, or raise max_connections.',
  },
  {
    match: /^((ERROR|FATAL): +)?out of (shared )?memory/,
    code: 'DATABASE_FAILED',
    hint: 'The server ran out of memory: lower jobs, or raise max_locks_per_transaction if the message names shared memory.',
  },
  {
    match:
      /^server closed the connection|^connection to server (.* failed|was lost)|^(ERROR|FATAL): +(terminating connection|the database system is)|^no connection to the server|^(SSL )?connection (has been|was) (closed|reset)|^could not (send|receive) data/,
    code: 'DATABASE_UNREACHABLE',
    hint: 'The server that is restored to went away. Look at its log at this time, and run the step again.',
  },
  {
    match: /^(ERROR|FATAL): +canceling (statement|autovacuum)|^ERROR: +deadlock detected/,
    code: 'DATABASE_FAILED',
    hint: 'Another session or a timeout of the server ended a statement. Look at its log at this time, and run the step again.',
  },
  {
    match: /^ERROR: +(collation "pg_catalog\..*" for encoding ".*" does not exist|could not create locale ")/,
    code: 'DATABASE_FAILED',
    hint: 'The server that is restored to has no such locale, and the source has: another operating system, or fewer locales on it. Install it there before the server is made (locale-gen), or, for a drill, give a server that has it by scratch-url.',
  },
  {
    match:
      /^(ERROR|FATAL): +(extension "[^"]*" (must be preloaded|is not available)|\S+ (must|can only) be loaded via "?shared_preload_libraries)|^ERROR: +could not (access|open|load) (file|library|extension)/,
    code: 'DATABASE_FAILED',
    hint: 'The server lacks a library, or was started without it: install it there, add it to shared_preload_libraries where it asks for that, or, for a drill, give a server that has it by scratch-url.',
  },
  {
    match: /^ERROR: +permission denied to create extension/,
    code: 'DATABASE_PRIVILEGES',
    hint: 'In a new database only a superuser, or a way of the provider’s own, can make this extension: ask the provider. restore-from-s3 in mode overwrite keeps the extensions that are there; a drill makes them on a server of its own.',
  },
  {
    match: /^ERROR: +(permission denied|must be (a )?(superuser|owner|member))/,
    code: 'DATABASE_PRIVILEGES',
    hint: 'The role that restores may not do what the archive asks for. Use the owner of the database, or a role of the provider that may.',
  },
]

/** pg_restore cannot read the archive, or it does not hold what it should: the archive itself is at fault. */
const DAMAGE =
  /^(could not (read from|find block|uncompress|decompress)|.*possibly corrupt archive|corrupt tar header|did not find magic string|unexpected (end of file|data offset|section)|input file (appears|does not appear)|invalid (dumpId|compression)|unsupported version|unrecognized (data block|file format)|entry ID .* out of range|bad dumpId|actual file length)/

/**
 * The source's own definitions or rows keep them from being made again: stock pg_restore fails at this,
 * too.
 */
const CONTENTS =
  /^ERROR: +(.* violates (check|partition|unique|foreign key|not-null|exclusion)|.* is violated by some row|could not create (unique|exclusion)|duplicate key value|null value in column|no partition of relation|insert or update on table|(function|relation|type|operator|column|schema|role|language|index|constraint|text search \w+|operator class|access method|server|foreign-data wrapper|cast|aggregate) .*(does not exist|already exists)|operator does not exist|could not find |syntax error|invalid input (syntax|value)|invalid value for|malformed |value too long|date\/time field|bit string|missing data for column|extra data after|functions in index|generation expression is not immutable|cannot |unrecognized configuration parameter|invalid byte sequence)/

/**
 * The error of a pg_restore for those who have to decide about the archive. RESTORE_FAILED, says in
 * `facts.blame` what is known about the archive; any other code says that the server or the machine was at
 * fault. `said` are the tool's own messages, each without its prefix: not the commands that it quotes.
 */
export function restoreError(error: unknown, said: readonly string[]): unknown {
  // The system's own code: the tool did not even start.
  if (!(error instanceof OperatorError) || error.facts.providerCode !== undefined) return error
  // With --jobs the leader adds that a worker ended, after the worker has said why.
  const causes = said.filter(message => !WORKER_ENDED.test(message))
  const messages = [error.message, ...(causes.length > 0 ? causes : said).flatMap(withoutContext)]
  const cause = NOT_THE_ARCHIVE.find(({ match }) => messages.some(message => match.test(message)))
  if (cause !== undefined)
    return new OperatorError(cause.code, error.message, { ...error.facts, hint: cause.hint })
  const fails = (pattern: RegExp) => messages.some(message => pattern.test(message))
  const isOfContents = fails(CONTENTS) || /^(22|23|42)/.test(error.facts.sqlState ?? '')
  const blame = fails(DAMAGE) ? 'damage' : isOfContents ? 'contents' : 'unknown'
  return new OperatorError('RESTORE_FAILED', error.message, {
    ...error.facts,
    blame,
    hint: blame === 'contents' ? adviseOnContents(error.message) : ADVICE[blame],
  })
}

const ADVICE = {
  damage: 'pg_restore cannot read this archive: pick another backup.',
  unknown:
    'The cause is not known, so this says nothing about the backup. Read the log of this step, and try the restore command of the backup by hand.',
} as const

/** What the message says is missing, its remedy in the source: the first that fits. */
const REMEDIES: ReadonlyArray<readonly [match: RegExp, remedy: string]> = [
  [
    /ERROR: +relation "[^"]+\.[^"]+" does not exist/,
    'A function reads a table that a restore makes later. Keep it out of columns, indexes and constraints in the source (a trigger can do its work); then take a new backup.',
  ],
  [
    /ERROR: +(?:function|relation|type|operator|text search \w+|collation)\b.*does not exist/,
    'A function calls something without its schema, and a restore runs with an empty search_path. In the source: ALTER FUNCTION … SET search_path = public, pg_temp; then take a new backup.',
  ],
  [
    /ERROR: +unrecognized configuration parameter/,
    'The database asks for a setting that no session has by itself. For restore-from-s3, give it in session-settings. In the source: ALTER DATABASE … SET it, or current_setting(name, true); then take a new backup.',
  ],
  [
    /ERROR: +new row for relation .* violates check constraint/,
    'The CHECK calls a function that finds other rows or operators in a restore, or was never valid. In the source: ALTER FUNCTION … SET search_path, or use a trigger if it reads other tables; then take a new backup.',
  ],
]

/** The remedy in the source, and the way to the rows for when the source is gone. */
function adviseOnContents(message: string): string {
  const route =
    'If the source is gone, restore in steps: pg_restore --section=pre-data, drop or mend what fails, then --section=data and --section=post-data.'
  const [, remedy] = REMEDIES.find(([match]) => match.test(message)) ?? []
  return `${remedy ?? 'The archive does not restore here. The message names the entry that failed: mend it in the source, and take a new backup.'} ${route}`
}

/** A message as it is, and what the server said in it: pg_restore begins with what it was doing. */
function withoutContext(message: string): readonly string[] {
  const doing = [
    /^(?:could not execute query|query failed|error returned by \w+|COPY failed for table ".*?"): (.*)$/,
    /^connection to server .* failed: (FATAL: .*)$/,
  ]
  return [message, ...doing.flatMap(pattern => pattern.exec(message)?.[1] ?? [])]
}
