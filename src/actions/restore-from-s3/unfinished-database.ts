import * as d from '../../core/json/decode.ts'
import { printIdentifier } from '../../core/pg/quote.ts'
import { withRestoreSettings } from '../../core/restore/session-settings.ts'
import { dropUnfinishedDatabase } from '../../postgres/target/new-database.ts'
import type { ActionContext } from '../../runner/action.ts'
import type { RestoreInputs } from './inputs.ts'

/** Under this name the post phase finds the database that a killed main phase left unfinished. */
export const NEW_DATABASE = 'new-database'
const newDatabase = d.object({ name: d.string, nonce: d.string })

/**
 * Drops the database that a main phase left unfinished, if it is there and still says that it is unfinished;
 * names one that is whole. With the settings of the main phase: where transactions are read-only by default,
 * nothing could be dropped without.
 */
export async function dropLeftDatabase(context: ActionContext, inputs: RestoreInputs): Promise<void> {
  const left = context.state.read(NEW_DATABASE)
  if (!left) return
  const { name, nonce } = newDatabase(left, NEW_DATABASE)
  const target = withRestoreSettings(inputs.target, inputs.sessionSettings)
  const end = await dropUnfinishedDatabase(target, name, nonce)
  if (end === 'dropped')
    context.log.info(`The restore was stopped half way; the unfinished database ${name} is gone.`)
  else if (end === 'kept')
    context.log.warning(
      `The restore was stopped when ${name} was whole already: it stays. If it is not needed: DROP DATABASE ${printIdentifier(name)};`,
    )
  else if (inputs.mode === 'swap')
    context.log.info(
      `There is no database ${name}: either it was swapped in for ${inputs.target.database} before the restore was stopped, or it was not made yet. Its comment says which: \\l+ ${inputs.target.database}`,
    )
}
