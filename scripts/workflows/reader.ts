import { execFile } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { labEnvironment } from '../../test/support/dump.ts'
import { findPythonTool } from './python-tool.ts'
import type { Stage } from './stage.ts'

/** The AWS CLI, as a reader of the page has it. */
const AWS = { name: 'awscli', version: '1.45.11', program: 'aws', withDependencies: true }

/** The blocks of a language in a page or a part of it. Throws where there are none. */
export function blocksOf(section: string, language: string): readonly string[] {
  const blocks = [...section.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))]
  if (blocks.length === 0) throw new Error(`There is no ${language} where some is expected`)
  return blocks.map(([, text = '']) => text)
}

/**
 * A shell as a reader's, in a folder, with the AWS CLI and psql; runs a script and returns what it printed.
 */
export async function openShell(
  { lab, signal }: Stage,
  given: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<(script: string) => Promise<string>> {
  const aws = dirname(await findPythonTool(AWS))
  const { PATH = '', AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = labEnvironment(lab)
  const env = {
    PATH: [aws, PATH].join(delimiter),
    PYTHONPATH: dirname(aws),
    HOME: process.env.HOME ?? '',
    LANG: 'C.UTF-8',
    AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY,
    AWS_ENDPOINT_URL: lab.s3.endpoint,
    AWS_DEFAULT_REGION: lab.s3.region,
    ...given.env,
  }
  const where = { env, signal, ...(given.cwd !== undefined && { cwd: given.cwd }) }
  return async script => {
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], where)
    return stdout
  }
}
