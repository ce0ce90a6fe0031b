import { execFile } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import type { Connection } from '../../src/core/pg/connection.ts'
import { connectionEnvironment } from '../../src/postgres/client-tools/passfile.ts'
import { theLab } from './lab.ts'

/** What psql says to a statement over this connection, or its error; its passfile comes into `directory`. */
export async function askPsql(connection: Connection, sql: string, directory: string): Promise<string> {
  const env = await connectionEnvironment(connection, directory, { PATH: process.env.PATH })
  const args = ['--no-psqlrc', '--no-password', '--tuples-only', '--no-align', '--command', sql]
  const { stdout } = await promisify(execFile)(join(theLab().postgres.binDir, 'psql'), args, { env })
  return stdout.trimEnd()
}
