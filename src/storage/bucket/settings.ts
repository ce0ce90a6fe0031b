import {
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
} from '@aws-sdk/client-s3'
import type { BucketSettings } from '../../core/posture/bucket-findings.ts'
import type { SettingReading } from '../../core/posture/finding.ts'
import type { StoreRequest } from '../connection.ts'
import { factsOf } from '../error-facts.ts'
import type { Store } from '../store.ts'
import { isDenied, storeErrorName } from '../store-error.ts'
import { getLifecycle, type StoredLifecycle } from './lifecycle.ts'

/**
 * Answers of stores that lack a call: R2 and B2 say 501, Ceph without its website service 405, Google 400.
 */
const UNKNOWN_CALL = [
  'NotImplemented',
  'MethodNotAllowed',
  'UnsupportedOperation',
  'InvalidArgument',
  'InvalidRequest',
]

/** What a store says where nothing is set. */
const UNSET = [
  'NoSuchLifecycleConfiguration',
  'NoSuchPublicAccessBlockConfiguration',
  'NoSuchBucketPolicy',
  'ObjectLockConfigurationNotFoundError',
  'ServerSideEncryptionConfigurationNotFoundError',
  'NoSuchWebsiteConfiguration',
  'NoSuchCORSConfiguration',
]

/** Reads every setting. Throws only where the bucket or the store cannot be reached. */
export async function readBucketSettings(store: Store): Promise<BucketSettings> {
  const Bucket = store.bucket
  const ask = <T>(what: string, request: StoreRequest<T>) => read(() => store.send(`read ${what}`, request))
  const lifecycle = await readLifecycle(store)
  const [versioning, block, status, acl, policy, lock, encryption, website, cors] = await Promise.all([
    ask('versioning', (client, options) => client.send(new GetBucketVersioningCommand({ Bucket }), options)),
    ask('the public access block', (client, options) =>
      client.send(new GetPublicAccessBlockCommand({ Bucket }), options),
    ),
    ask('the policy status', (client, options) =>
      client.send(new GetBucketPolicyStatusCommand({ Bucket }), options),
    ),
    ask('the ACL', (client, options) => client.send(new GetBucketAclCommand({ Bucket }), options)),
    ask('the policy', (client, options) => client.send(new GetBucketPolicyCommand({ Bucket }), options)),
    ask('the object lock', (client, options) =>
      client.send(new GetObjectLockConfigurationCommand({ Bucket }), options),
    ),
    ask('encryption', (client, options) => client.send(new GetBucketEncryptionCommand({ Bucket }), options)),
    ask('the website', (client, options) => client.send(new GetBucketWebsiteCommand({ Bucket }), options)),
    ask('CORS', (client, options) => client.send(new GetBucketCorsCommand({ Bucket }), options)),
  ])
  const byPolicy = mapReading(status, ({ PolicyStatus }) => PolicyStatus?.IsPublic === true)
  const byAcl = mapReading(acl, ({ Grants = [] }) => Grants.some(({ Grantee }) => isEveryone(Grantee?.URI)))
  return {
    lifecycle: mapReading(lifecycle, ({ rules }) => rules),
    versioning: mapReading(versioning, ({ Status }) => Status ?? ''),
    publicAccessBlock: mapReading(block, countBlocks),
    isPublic: eitherIsTrue(byPolicy, byAcl),
    policy: mapReading(policy, ({ Policy }) => Policy ?? ''),
    lockDays: mapReading(lock, ({ ObjectLockConfiguration }) => {
      const { Days, Years } = ObjectLockConfiguration?.Rule?.DefaultRetention ?? {}
      return Days ?? (Years ?? 0) * 365
    }),
    encryption: mapReading(encryption, ({ ServerSideEncryptionConfiguration }) => {
      const [rule] = ServerSideEncryptionConfiguration?.Rules ?? []
      return rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? 'unknown'
    }),
    website: mapReading(website, () => true as const),
    cors: mapReading(cors, ({ CORSRules = [] }) => CORSRules.length),
  }
}

/** The rules; `unknown-call` also for a store whose rules have a form of its own. */
export async function readLifecycle(store: Store): Promise<SettingReading<StoredLifecycle>> {
  const reading = await read(() => getLifecycle(store))
  if (reading.state !== 'set') return reading
  const { value } = reading
  return value === undefined ? { state: 'unknown-call' } : { state: 'set', value }
}

async function read<T>(ask: () => Promise<T>): Promise<SettingReading<T>> {
  try {
    return { state: 'set', value: await ask() }
  } catch (error) {
    const name = storeErrorName(error)
    if (UNSET.includes(name)) return { state: 'unset' }
    if (UNKNOWN_CALL.includes(name) || [405, 501].includes(factsOf(error).status ?? 0))
      return { state: 'unknown-call' }
    if (isDenied(error)) return { state: 'denied' }
    throw error
  }
}

function mapReading<T, R>(reading: SettingReading<T>, map: (value: T) => R): SettingReading<R> {
  return reading.state === 'set' ? { state: 'set', value: map(reading.value) } : reading
}

/**
 * Public if either says so; not measured while either may not be read. A bucket without a policy is not
 * public by it.
 */
function eitherIsTrue(a: SettingReading<boolean>, b: SettingReading<boolean>): SettingReading<boolean> {
  const known = [a, b].filter(reading => reading.state === 'set')
  if (known.some(({ value }) => value)) return { state: 'set', value: true }
  if (a.state === 'denied' || b.state === 'denied') return { state: 'denied' }
  return known[0] ?? a
}

function countBlocks(answer: { readonly PublicAccessBlockConfiguration?: PublicBlocks | undefined }): number {
  const { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } =
    answer.PublicAccessBlockConfiguration ?? {}
  return [BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets].filter(Boolean).length
}

interface PublicBlocks {
  readonly BlockPublicAcls?: boolean | undefined
  readonly IgnorePublicAcls?: boolean | undefined
  readonly BlockPublicPolicy?: boolean | undefined
  readonly RestrictPublicBuckets?: boolean | undefined
}

/** Grants of an ACL to all of the world, or to everyone with any account of AWS. */
function isEveryone(uri: string | undefined): boolean {
  return /\/groups\/global\/(AllUsers|AuthenticatedUsers)$/.test(uri ?? '')
}
