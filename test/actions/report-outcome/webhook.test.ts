import { expect, it } from 'vitest'
import { callWeb } from '../../../src/actions/report-outcome/webhook.ts'
import { Secret } from '../../../src/core/secret.ts'
import { rememberingLog } from '../../support/install/silent-log.ts'

it('says why a call was not made in a job that is cancelled', async () => {
  const url = new Secret('http://127.0.0.1:1/')
  const context = { log: rememberingLog(), signal: AbortSignal.abort() }
  const call = callWeb({ input: 'webhook-url', url, json: {} }, context)
  await expect(call).rejects.toThrow('Could not call webhook-url: the job was cancelled.')
})
