import { expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { labEnvironment } from '../support/dump.ts'
import { expectContract } from '../support/hostile/contract.ts'
import { HOSTILE_MESSAGE, HOSTILE_TEXTS, MARK } from '../support/hostile/texts.ts'
import { theLab } from '../support/lab.ts'
import { recordCommands, shellBlocksOf } from '../support/recorded-commands.ts'
import { type ActionRun, runAction } from '../support/runner.ts'
import { MeddlingProxy } from '../support/storage/meddling-proxy.ts'

const lab = theLab()

/** Reports on a real bucket whose settings a hostile store, or another administrator, has written. */
async function check(
  answers: Readonly<Record<string, readonly [status: number, body: string]>>,
): Promise<ActionRun> {
  await using bucket = await createBucket(lab)
  await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
  for (const [setting, [status, body]] of Object.entries(answers))
    proxy.meddle({
      method: 'GET',
      path: new RegExp(`[?&]${setting}(=|&|$)`),
      answer: { status, body },
      times: 99,
    })
  return await runAction('check-bucket', {
    inputs: { destination: `s3://${bucket.name}/prod` },
    env: { ...labEnvironment(lab), AWS_ENDPOINT_URL_S3: proxy.url },
  })
}

/** XML takes no control characters, not even escaped. */
const xml = (text: string) =>
  text.replace(/[^\P{Cc}\n]/gu, '').replace(/[<>&"']/g, found => `&#${found.charCodeAt(0)};`)

function expectSafe(run: ActionRun): void {
  expectContract('check-bucket', run, 'BUCKET_UNFIT')
  const blocks = shellBlocksOf(run.summary)
  expect(blocks).toHaveLength(1)
  const { calls, ranSomethingElse } = recordCommands(blocks.join('\n'))
  expect(ranSomethingElse).toBe(false)
  expect(calls.every(([program, service]) => program === 'aws' && service === 's3api')).toBe(true)
}

it('shows hostile rules and policies as text, and prints commands that keep them', async () => {
  const names = [...HOSTILE_TEXTS, "'; touch pwned; '", '$(touch pwned)', 'EOF\ntouch pwned']
  const rules = names.map(
    name =>
      `<Rule><ID>${xml(name)}</ID><Filter><Prefix>${xml(name)}</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>`,
  )
  const policy = JSON.stringify({
    Version: MARK,
    Statement: names.map(Sid => ({ Sid, Effect: Sid, Action: Sid, Resource: Sid })),
  })
  const run = await check({
    lifecycle: [200, `<LifecycleConfiguration>${rules.join('')}</LifecycleConfiguration>`],
    policy: [200, policy],
    versioning: [
      200,
      `<VersioningConfiguration><Status>${xml(HOSTILE_MESSAGE)}</Status></VersioningConfiguration>`,
    ],
    encryption: [
      200,
      `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>${xml(HOSTILE_MESSAGE)}</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`,
    ],
  })
  expectSafe(run)
  expect(run.summary).toContain(MARK)
})

it('quotes a refusal in hostile words as text', async () => {
  const error = `<Error><Code>${xml(MARK)}</Code><Message>${xml(HOSTILE_MESSAGE)}</Message></Error>`
  const run = await check({ policy: [400, error], cors: [403, error] })
  expect(run.exitCode).toBe(1)
  expectContract('check-bucket', run, run.annotations.at(-1)?.title.replace('check-bucket: ', ''))
})
