import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  type TransitionDefaultMinimumObjectSize,
} from '@aws-sdk/client-s3'
import { OperatorError } from '../../core/errors.ts'
import type { LifecycleRule, StoredRule } from '../../core/posture/lifecycle-rule.ts'
import { renderLifecycle, splitRules } from '../../core/posture/rule-xml.ts'
import type { Store } from '../store.ts'

/** The lifecycle of a bucket, with the bytes of each rule. */
export interface StoredLifecycle {
  readonly rules: readonly StoredRule[]
  /** AWS keeps small objects out of transitions, or not; it is lost when it is not written back. */
  readonly minimumSize: TransitionDefaultMinimumObjectSize | undefined
}

/**
 * Reads the rules. Undefined where the store has a form of its own. Throws what the store says: without rules
 * that is NoSuchLifecycleConfiguration.
 */
export async function getLifecycle(store: Store): Promise<StoredLifecycle | undefined> {
  const command = new GetBucketLifecycleConfigurationCommand({ Bucket: store.bucket })
  let xml = ''
  command.middlewareStack.add(
    next => async args => {
      const result = await next(args)
      const body = await readBody(result.response)
      xml = body.toString('utf8')
      return { ...result, response: withBody(result.response, body) }
    },
    // Between the wire and the SDK's own parser.
    { step: 'deserialize', priority: 'low' },
  )
  const { Rules = [], TransitionDefaultMinimumObjectSize } = await store.send(
    'read the lifecycle',
    (client, options) => client.send(command, options),
  )
  const texts = splitRules(xml)
  if (texts?.length !== Rules.length) return undefined
  const rules = Rules.map((rule, i) => ({ rule: toRule(rule), xml: texts[i] ?? '' }))
  return { rules, minimumSize: TransitionDefaultMinimumObjectSize }
}

type SdkRule = NonNullable<
  NonNullable<
    ConstructorParameters<typeof PutBucketLifecycleConfigurationCommand>[0]['LifecycleConfiguration']
  >['Rules']
>[number]

function toRule({ Filter, ...rule }: SdkRule): LifecycleRule {
  return { ...rule, ...(Filter !== undefined && { Filter }) }
}

/** Replaces all rules. No rules at all are written by removing the lifecycle. */
export async function putLifecycle(store: Store, { rules, minimumSize }: StoredLifecycle): Promise<void> {
  if (rules.length === 0) {
    const remove = new DeleteBucketLifecycleCommand({ Bucket: store.bucket })
    await store.send('remove the lifecycle', (client, options) => client.send(remove, options), {
      mode: 'finish',
    })
    return
  }
  const command = new PutBucketLifecycleConfigurationCommand({
    Bucket: store.bucket,
    // A stand-in that does nothing: the bytes of the rules replace it below.
    LifecycleConfiguration: { Rules: [STAND_IN] },
    ...(minimumSize && { TransitionDefaultMinimumObjectSize: minimumSize }),
  })
  const body = renderLifecycle(rules)
  command.middlewareStack.add(
    next => args => next({ ...args, request: withBody(args.request, body) }),
    // After the SDK's serializer, before lengths and checksums.
    { step: 'serialize', priority: 'low' },
  )
  await store.send('write the lifecycle', (client, options) => client.send(command, options), {
    mode: 'finish',
  })
}

const STAND_IN: SdkRule = {
  Status: 'Disabled',
  Filter: { Prefix: 'pg-runbook-stand-in/' },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 365 },
}

/** A copy of a request or an answer with another body; its class stays, which the SDK asks for. */
function withBody(message: unknown, body: string | Buffer): unknown {
  if (typeof message !== 'object' || message === null) throw unexpected()
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, { body })
}

async function readBody(response: unknown): Promise<Buffer> {
  if (typeof response !== 'object' || response === null || !('body' in response)) throw unexpected()
  const { body } = response
  if (body instanceof Uint8Array) return Buffer.from(body)
  if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) throw unexpected()
  const chunks: Buffer[] = []
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

function unexpected(): OperatorError {
  return new OperatorError('INTERNAL', 'The SDK has another shape of messages than expected.')
}
