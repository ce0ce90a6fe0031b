import { OperatorError } from '../../core/errors.ts'
import { openSession } from '../../postgres/session/session.ts'
import { copyDatabaseSettings } from '../../postgres/target/database-settings.ts'
import { swapDatabases } from '../../postgres/target/swap.ts'
import type { ActionContext } from '../../runner/action.ts'
import type { SwapDeps } from '../../steps/restore/swap.ts'
import type { RestoreInputs } from './inputs.ts'
import type { RestoreRun } from './restore-run.ts'

export function createSwapDeps(
  { log }: ActionContext,
  { inputs, target, maintenance, signal }: RestoreRun,
): SwapDeps {
  return {
    now: () => new Date(),
    log,
    copySettings: async (from, to) => {
      await using session = await openSession(maintenance ?? target, signal)
      return await copyDatabaseSettings(session, from, to)
    },
    swap: names => {
      if (maintenance === undefined) throw noMaintenance(inputs)
      return swapDatabases(maintenance, names, signal)
    },
  }
}

export function noMaintenance({ target, maintenanceDatabase }: RestoreInputs): OperatorError {
  return new OperatorError(
    'TARGET_UNFIT',
    `Nothing was changed. Renaming ${target.database} needs a connection to another database of the server, but none of ${maintenanceDatabase}, postgres, template1 accepts ${target.user}.`,
    { hint: 'Name one with maintenance-database, or use mode new-database.' },
  )
}
