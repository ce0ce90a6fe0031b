import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Connection, libpqVariables, passfileLine } from '../../core/pg/connection.ts'
import { toolEnvironment } from './run-tool.ts'

/**
 * The environment in which a libpq program opens this connection. Writes the passfile, readable by this user
 * only, into `directory`, which must be private and removed afterwards.
 */
export async function connectionEnvironment(
  connection: Connection,
  directory: string,
  inherited: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string>>> {
  const passfile = join(directory, 'passfile')
  await writeFile(passfile, passfileLine(connection), { mode: 0o600 })
  return toolEnvironment(inherited, libpqVariables(connection, passfile))
}
