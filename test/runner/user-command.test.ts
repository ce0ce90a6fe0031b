import { expect, it } from 'vitest'
import { runShellCommand, visibleVariables } from '../../src/runner/user-command.ts'

const SECRET = {
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_SESSION_TOKEN: 'x',
  AWS_WEB_IDENTITY_TOKEN_FILE: 'x',
  COPY_ACCESS_KEY_ID: 'x',
  COPY_SECRET_ACCESS_KEY: 'x',
  COPY_SESSION_TOKEN: 'x',
  GITHUB_TOKEN: 'x',
  GH_TOKEN: 'x',
  GH_ENTERPRISE_TOKEN: 'x',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
  ACTIONS_RUNTIME_TOKEN: 'x',
  GITHUB_STEP_SUMMARY: 'x',
  GITHUB_OUTPUT: 'x',
  GITHUB_ENV: 'x',
  GITHUB_PATH: 'x',
  GITHUB_STATE: 'x',
  'INPUT_DATABASE-URL': 'x',
  STATE_upload: 'x',
}

it('hides credentials, tokens and files of the runner from an operator’s command', async () => {
  const lines: string[] = []
  const env = visibleVariables({ ...SECRET, PATH: process.env.PATH, GITHUB_SHA: 'abc', MY_KEY: 'mine' })
  await runShellCommand({
    command: 'env',
    env,
    signal: new AbortController().signal,
    onOutput: line => lines.push(line),
    onError: () => {},
  })

  const names = lines.map(line => line.replace(/=.*/, ''))
  expect(names.filter(name => name in SECRET)).toEqual([])
  expect(lines).toEqual(expect.arrayContaining(['GITHUB_SHA=abc', 'MY_KEY=mine']))
})
