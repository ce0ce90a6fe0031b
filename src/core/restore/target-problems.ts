import { renderDifference, renderIdentity, sourceConfirmation } from '../backup/database-identity.ts'
import type { Manifest } from '../backup/manifest.ts'
import { printIdentifier } from '../pg/quote.ts'
import { fromVersionNumber, parseVersion } from '../pg/version.ts'
import { renderBytes } from '../text/bytes.ts'
import { renderSome } from '../text/counts.ts'

import { rightsProblems } from './rights-problems.ts'
import { sessionProblems } from './session-problems.ts'
import type { TargetFacts } from './target-facts.ts'
import type { TargetProblem, TargetRequirements } from './target-requirements.ts'

/**
 * pg_restore sets transaction_timeout, which is new in 17 (_doSetFixedOutputState in pg_backup_archiver.c).
 */
const OLDEST_MAJOR = 17

/**
 * What one transaction locks that empties and fills a database, besides one for each object that it drops. A
 * table with its TOAST table is one entry and several locks. Measured: 461 locks for the demo database (183
 * objects, 53 entries), 6243 for 200 tables (3000 objects, 1800 entries).
 */
const LOCKS_AN_ENTRY = 2
const SYSTEM_TABLES = 200

/** All problems with restoring this backup here, at once; empty means go. */
export function targetProblems(
  manifest: Manifest,
  facts: TargetFacts,
  requirements: TargetRequirements,
): readonly TargetProblem[] {
  return [
    ...versionProblems(manifest, facts),
    ...identityProblems(manifest, facts, requirements),
    ...nameProblems(facts, requirements),
    ...privilegeProblems(facts, requirements),
    ...rightsProblems(facts, requirements),
    ...contentProblems(manifest, facts),
    ...spaceProblems(facts, requirements),
    ...(requirements.mode === 'new-database' ? [] : sessionProblems(facts, requirements)),
  ]
}

function versionProblems({ server }: Manifest, facts: TargetFacts): readonly TargetProblem[] {
  const target = fromVersionNumber(facts.versionNumber)
  const problems: TargetProblem[] = []
  if (facts.isStandby)
    problems.push({
      message: 'the target is a standby, which takes no changes',
      hint: 'Use the address of the primary.',
    })
  if (target.major < parseVersion(server.version).major)
    problems.push({
      message: `the target is PostgreSQL ${facts.version}, older than the ${server.version} that was backed up`,
      hint: `Restore to a server of PostgreSQL ${parseVersion(server.version).major} or newer.`,
    })
  if (target.major < OLDEST_MAJOR)
    problems.push({
      message: `the target is PostgreSQL ${facts.version}, which does not know settings that pg_restore makes`,
      hint: `Restore to a server of PostgreSQL ${OLDEST_MAJOR} or newer.`,
    })
  return problems
}

/** A backup of another database replaces nothing unless the operator names its source. */
function identityProblems(
  { backup, server }: Manifest,
  facts: TargetFacts,
  { mode, confirmedSource }: TargetRequirements,
): readonly TargetProblem[] {
  const expected = sourceConfirmation(server, facts)
  const names = [server.systemIdentifier, server.database]
  if (confirmedSource !== undefined && confirmedSource !== expected && !names.includes(confirmedSource))
    return [
      {
        message: `the input confirm-source names ${confirmedSource}, but the backup ${backup.id} is of the database ${renderIdentity(server)}`,
        hint: `Pick a backup of ${confirmedSource}, or set confirm-source: ${expected ?? server.database}.`,
      },
    ]
  if (expected === undefined || confirmedSource === expected || mode === 'new-database') return []
  return [
    {
      message: `the backup ${backup.id} is ${renderDifference(server, facts)}`,
      hint: `If that backup is to replace ${facts.database} (after a disaster a new server always has another identifier), set confirm-source: ${expected}.`,
    },
  ]
}

function nameProblems(
  { databases }: TargetFacts,
  { newNames }: TargetRequirements,
): readonly TargetProblem[] {
  return newNames
    .filter(name => databases.includes(name))
    .map(name => ({
      message: `there is a database named ${name} already`,
      hint: 'Choose another name with new-database, or drop that one.',
    }))
}

function privilegeProblems(facts: TargetFacts, requirements: TargetRequirements): readonly TargetProblem[] {
  const { mode, owner } = requirements
  const problems: TargetProblem[] = []
  if (mode !== 'overwrite' && !facts.mayCreateDatabases)
    problems.push({
      message: `the role ${facts.user} may not create databases, which the mode ${mode} needs`,
      hint: `ALTER ROLE ${printIdentifier(facts.user)} CREATEDB; or use a database on another server; as the last resort use mode overwrite.`,
    })
  if (mode !== 'new-database' && !facts.mayActAsOwner)
    problems.push({
      message: `the role ${facts.user} may not act as ${facts.owner}, who owns the database ${facts.database}`,
      hint: `Connect as ${facts.owner}.`,
    })
  if (mode === 'overwrite' && facts.objectsNotOwned.length > 0)
    problems.push({
      message: `the role ${facts.user} may not drop what others own: ${renderSome(facts.objectsNotOwned)}`,
      hint: 'Connect as their owner, or use mode new-database.',
    })
  if (mode === 'overwrite' && facts.unlockableTables.length > 0)
    problems.push({
      message: `the role ${facts.user} may not lock tables of others, so that it could not keep them from being written to: ${renderSome(facts.unlockableTables)}`,
      hint: `ALTER TABLE … OWNER TO ${printIdentifier(facts.user)}; or use mode new-database.`,
    })
  if (owner !== undefined && facts.mayActAsRole !== true)
    problems.push({
      message: `the role ${owner}, which is to own what is restored, does not exist, or ${facts.user} may not become it or does not inherit its rights`,
      hint: `CREATE ROLE ${printIdentifier(owner)}; GRANT ${printIdentifier(owner)} TO ${printIdentifier(facts.user)} WITH INHERIT TRUE, SET TRUE;`,
    })
  if (owner !== undefined && mode === 'overwrite' && facts.roleNeeds.length > 0)
    problems.push({
      message: `the role ${owner}, which is to own what is restored, may not create things in ${facts.database}`,
      hint: facts.roleNeeds.join(' '),
    })
  return problems
}

function contentProblems({ server, backup }: Manifest, facts: TargetFacts): readonly TargetProblem[] {
  const offered = new Set(facts.extensions.map(({ name }) => name))
  // pg_dump leaves extensions out as soon as tables or schemas are named.
  const needed = backup.tablePatterns.length + backup.schemaPatterns.length > 0 ? [] : server.extensions
  const missing = needed.filter(({ name }) => !offered.has(name)).map(({ name }) => name)
  const roles = server.requiredRoles.filter(role => !facts.roles.includes(role))
  return [
    ...(missing.length === 0
      ? []
      : [
          {
            message: `the target server does not offer ${missing.length === 1 ? 'the extension' : 'the extensions'} ${missing.join(', ')}`,
            hint: 'Install them on the server, or choose another one.',
          },
        ]),
    ...(roles.length === 0
      ? []
      : [
          {
            message: `row security policies name roles that the target does not have: ${roles.join(', ')}`,
            hint: roles.map(role => `CREATE ROLE ${printIdentifier(role)} NOLOGIN;`).join(' '),
          },
        ]),
  ]
}

/**
 * Indexes and free space make a restored database as large as its source, or smaller. Old and new lie side by
 * side until the end.
 */
function spaceProblems(facts: TargetFacts, requirements: TargetRequirements): readonly TargetProblem[] {
  const problems: TargetProblem[] = []
  const { diskBytes, mode, allOrNothing, neededBytes } = requirements
  const isInPlace = mode === 'overwrite' && !allOrNothing
  const usedBytes = facts.serverBytes - (isInPlace ? facts.databaseBytes : 0)
  if (diskBytes !== undefined && usedBytes + neededBytes > diskBytes)
    problems.push({
      message: `the server's disk has ${renderBytes(diskBytes)}, of which databases use ${renderBytes(usedBytes)}; the restored one needs about ${renderBytes(neededBytes)} in addition`,
      hint: 'Enlarge the disk, or drop a database that is no longer needed.',
    })
  const locks = facts.droppedObjects + LOCKS_AN_ENTRY * requirements.archive.entries + SYSTEM_TABLES
  if (mode === 'overwrite' && allOrNothing && locks > facts.lockCapacity)
    problems.push({
      message: `one transaction would take about ${locks} locks, and the server holds ${facts.lockCapacity}`,
      hint: 'Raise max_locks_per_transaction, use mode new-database or swap, or set all-or-nothing: false.',
    })
  return problems
}
