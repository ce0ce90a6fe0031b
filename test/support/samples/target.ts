import type { TargetFacts } from '../../../src/core/restore/target-facts.ts'
import type { TargetRequirements } from '../../../src/core/restore/target-requirements.ts'
import { SAMPLE } from './manifest.ts'

/** A target that takes a restore into a new database. */
export const TARGET: TargetFacts = {
  versionNumber: 180_006,
  version: '18.6',
  database: 'logi',
  systemIdentifier: SAMPLE.server.systemIdentifier,
  user: 'logi',
  isSuperuser: false,
  mayCreateDatabases: true,
  isStandby: false,
  owner: 'logi',
  mayActAsOwner: true,
  connectors: [],
  mayActAsRole: null,
  roleNeeds: [],
  databaseBytes: 0,
  serverBytes: 0,
  extensions: [],
  foreignExtensions: [],
  keptSchemas: [],
  foreignPublications: [],
  roles: [],
  sessions: [],
  preparedTransactions: 0,
  objectsNotOwned: [],
  droppedObjects: 0,
  unlockableTables: [],
  subscriptions: [],
  hiddenUserMappings: [],
  slots: [],
  databases: [],
  keptRows: [],
  lockCapacity: 1000,
  leftovers: [],
}

/** What a restore into a new database asks for. */
export const REQUIREMENTS: TargetRequirements = {
  mode: 'new-database',
  neededBytes: 0,
  newNames: [],
  takesSafetyBackup: false,
  terminateSessions: false,
  allOrNothing: true,
  confirmedSource: undefined,
  owner: undefined,
  diskBytes: undefined,
  archive: { entries: 0, ofOthers: [] },
}
