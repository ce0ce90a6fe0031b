import { expect, it } from 'vitest'
import { callWeb } from '../../../src/actions/report-outcome/webhook.ts'
import { Secret } from '../../../src/core/secret.ts'

it('says why a call was not made in a job that is cancelled', async () => {
  const call = callWeb('webhook-url', new Secret('http://127.0.0.1:1/'), {}, AbortSignal.abort())
  await expect(call).rejects.toThrow('webhook-url could not be told: the job was cancelled.')
})
