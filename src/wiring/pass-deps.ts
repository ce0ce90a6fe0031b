import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ArchiveEntry, renderUseList } from '../core/backup/archive-toc.ts'
import type { BulkPass, LeftOut, PassRole } from '../core/passes/pass.ts'
import { dealGroups } from '../core/passes/split-structure.ts'
import type { ViewSetting } from '../core/passes/view-settings.ts'
import type { Connection } from '../core/pg/connection.ts'
import { quoteIdentifier } from '../core/pg/quote.ts'
import { withSourceSettings } from '../core/restore/session-settings.ts'
import { renderBytes } from '../core/text/bytes.ts'
import { connectionEnvironment } from '../postgres/client-tools/passfile.ts'
import { type RunningRestore, startRestore, startScript } from '../postgres/client-tools/pg-restore.ts'
import { sessionOf } from '../postgres/client-tools/psql-session.ts'
import type { TargetTransaction } from '../postgres/client-tools/psql-transaction.ts'
import { sideBySide } from '../postgres/client-tools/side-by-side.ts'
import { openSession } from '../postgres/session/session.ts'
import { readAcceptedSettings } from '../postgres/target/accepted-settings.ts'
import { attemptStatements } from '../postgres/target/attempt-statements.ts'
import { readUnwritableRows } from '../postgres/target/extension-tables.ts'
import type { PassDeps } from '../steps/restore/fill-database.ts'

/** One database, and the tool and archive that fill it. */
export interface FillPlace {
  readonly pgRestore: string
  readonly archive: string
  /** Private, and removed afterwards. */
  readonly directory: string
  readonly jobs: number
  readonly signal: AbortSignal
  readonly variables: Readonly<Record<string, string | undefined>>
  /** The database, as its owner or as the superuser of a server of our own. */
  readonly connectionOf: (role: PassRole) => Connection
  /** The role that is to own what is restored; undefined is the role of the connection. */
  readonly ownerRole: string | undefined
  readonly grants: boolean
  readonly handOver: () => Promise<void>
}

/** What carries the passes of a restore out in a database. */
export function createPassDeps(place: FillPlace): PassDeps {
  const { connectionOf, ownerRole, jobs, signal, handOver } = place
  return {
    startPass: (pass, settings) => startPass(place, pass, settings),
    attempt: attempts =>
      attemptStatements(attempts, {
        connectionOf,
        setRole: ownerRole,
        jobs: attempts.every(({ entry }) => entry.kind === 'MATERIALIZED VIEW DATA') ? jobs : 1,
        signal,
      }),
    handOver,
    readUnwritable: async rows => {
      await using session = await openSession(connectionOf('owner'), signal)
      return await readUnwritableRows(session, rows, ownerRole)
    },
  }
}

/**
 * The same passes inside a transaction that a psql of ours holds: pg_restore writes each as a script, and
 * what may fail is tried in a savepoint.
 */
export function createTransactionPasses(transaction: TargetTransaction, place: FillPlace): PassDeps {
  return {
    startPass: async (pass, settings) => {
      const { options = '' } = place.connectionOf('owner')
      for (const { name, set } of settings)
        if (!options.includes(`-c ${name}=`)) await transaction.attempt([set], 0)
      return await startScriptPass(transaction, place, pass)
    },
    attempt: async attempts => {
      const failed: LeftOut[] = []
      for (const { what, statements, settings = [], timeoutMs, entry } of attempts) {
        const role =
          place.ownerRole === undefined ? [] : [`SET LOCAL ROLE ${quoteIdentifier(place.ownerRole)}`]
        const applied: ViewSetting[] = []
        for (const setting of settings)
          if ((await transaction.attempt([setting.set], 0)) === undefined) applied.push(setting)
        const why = await transaction.attempt([...role, ...statements], timeoutMs ?? 0)
        for (const { reset } of applied) await transaction.run(`${reset};`)
        if (why !== undefined) failed.push({ what, why, entry })
      }
      return failed
    },
    handOver: place.handOver,
    readUnwritable: rows => readUnwritableRows(sessionOf(transaction), rows, place.ownerRole),
  }
}

async function startScriptPass(
  transaction: TargetTransaction,
  place: FillPlace,
  pass: BulkPass,
): Promise<RunningRestore> {
  const { pgRestore, archive, connectionOf, directory, variables, grants } = place
  const script = startScript({
    path: pgRestore,
    archive,
    env: await connectionEnvironment(connectionOf('owner'), directory, variables),
    grants,
    args: await passArguments(place, pass.entries),
  })
  let bytes = 0
  const copied = transaction.take(script.stdout, count => {
    bytes += count
  })
  const finished = Promise.all([copied, script.finished]).then(() => [])
  finished.catch(() => {})
  return {
    finished,
    get currentItem() {
      return `${pass.name}, ${renderBytes(bytes)}`
    },
    [Symbol.asyncDispose]: () => script[Symbol.asyncDispose](),
  }
}

/** Writes the list of a pass. Passes come one after the other, so that one file of that name does for all. */
async function passArguments(
  { directory, ownerRole }: FillPlace,
  entries: readonly ArchiveEntry[],
  name = 'pass.list',
): Promise<readonly string[]> {
  const list = join(directory, name)
  await writeFile(list, renderUseList(entries), { mode: 0o600 })
  return [`--use-list=${list}`, ...(ownerRole === undefined ? [] : [`--role=${ownerRole}`])]
}

async function startPass(
  place: FillPlace,
  pass: BulkPass,
  settings: readonly ViewSetting[],
): Promise<RunningRestore> {
  const { pgRestore, archive, directory, jobs, signal, variables, connectionOf, grants } = place
  const connection = connectionOf(pass.role)
  const accepted = await readAcceptedSettings(connection, settings, signal)
  const env = await connectionEnvironment(withSourceSettings(connection, accepted), directory, variables)
  const lists = pass.groups === undefined ? [pass.entries] : dealGroups(pass.groups, jobs)
  const args = await Promise.all(lists.map((entries, at) => passArguments(place, entries, `pass-${at}.list`)))
  const common = { path: pgRestore, archive, jobs: pass.isParallel ? jobs : 1, env, grants }
  return sideBySide(args.map(ofOne => startRestore({ ...common, args: ofOne })))
}
