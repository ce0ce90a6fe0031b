import { neededBytes, type RestoreScope } from '../../core/restore/restore-scope.ts'
import { renderSessionSetting } from '../../core/restore/session-settings.ts'
import type { Environment } from '../../runner/environment.ts'
import type { PlanRequest } from '../../steps/restore/plan.ts'
import type { RestoreRequest } from '../../steps/restore/request.ts'
import { describeRun } from '../../wiring/dump-deps.ts'
import type { RestoreRun } from './restore-run.ts'

/** The new database, and the name of the old one after a swap. */
type NewNames = Pick<RestoreRequest, 'restoredName' | 'previousName'>

export function toRestoreRequest(
  environment: Environment,
  { inputs, manifest, pgRestore, nonce }: RestoreRun,
  scope: RestoreScope,
  names: NewNames,
): RestoreRequest {
  const { host, port, user, database } = inputs.target
  return {
    ...names,
    manifest,
    location: inputs.location,
    mode: inputs.mode,
    scope,
    target: { host, port, user, database },
    allOrNothing: inputs.allOrNothing,
    triggers: inputs.triggers,
    mayTerminateSessions: inputs.terminateSessions,
    skipSafetyBackup: inputs.skipSafetyBackup,
    sessionSettings: inputs.sessionSettings.map(renderSessionSetting),
    pgRestore: pgRestore.version,
    nonce,
    run: describeRun(environment),
  }
}

export function toPlanRequest({ inputs }: RestoreRun, request: RestoreRequest): PlanRequest {
  const { manifest, scope, mode, skipSafetyBackup, restoredName, previousName } = request
  const { terminateSessions, allOrNothing, ownerRole, targetDiskBytes } = inputs
  const newNames: Readonly<Record<typeof mode, readonly string[]>> = {
    'new-database': [restoredName],
    swap: [restoredName, previousName],
    overwrite: [],
  }
  return {
    manifest,
    scope,
    address: request.target,
    expectedDigest: inputs.expectPlan,
    triggers: inputs.triggers,
    restoresGrants: inputs.restoreGrants,
    requirements: {
      mode,
      neededBytes: neededBytes(manifest, scope),
      newNames: newNames[mode],
      terminateSessions,
      allOrNothing,
      takesSafetyBackup: mode === 'overwrite' && skipSafetyBackup === undefined,
      confirmedSource: inputs.confirmSource,
      owner: ownerRole,
      diskBytes: targetDiskBytes,
    },
  }
}
