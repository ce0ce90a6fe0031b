import { endpointOption } from '../backup/aws-commands.ts'
import { renderAmount } from '../text/counts.ts'
import { shellQuote } from '../text/shell-quote.ts'
import { type BackupPlace, type PolicyFacts, readPolicy, withTls } from './bucket-policy.ts'
import { type PostureFinding, type PostureJudgement, type SettingReading, toFinding } from './finding.ts'
import type { BucketAddress } from './lifecycle-findings.ts'
import type { StoredRule } from './lifecycle-rule.ts'

/** Every setting of a bucket that matters for backups, as the store gives it. */
export interface BucketSettings {
  readonly lifecycle: SettingReading<readonly StoredRule[]>
  /** `Enabled`, `Suspended`, or the empty text. */
  readonly versioning: SettingReading<string>
  /** How many of the four blocks are on. */
  readonly publicAccessBlock: SettingReading<number>
  /** Whether its policy or its ACL lets anyone in. */
  readonly isPublic: SettingReading<boolean>
  /** The policy as JSON. */
  readonly policy: SettingReading<string>
  /** Default retention in days; 0 where the bucket locks only objects that ask for it. */
  readonly lockDays: SettingReading<number>
  /** `AES256`, `aws:kms`. */
  readonly encryption: SettingReading<string>
  readonly website: SettingReading<true>
  /** Number of rules. */
  readonly cors: SettingReading<number>
}

/** The lines about the settings, without those about the lifecycle. */
export function bucketFindings(
  settings: BucketSettings,
  address: BucketAddress & BackupPlace,
): readonly PostureFinding[] {
  const command = (call: string, options = '') =>
    `aws s3api ${call}${endpointOption(address.endpoint)} --bucket ${address.bucket}${options}`
  return [
    toFinding('versioning', 's3:GetBucketVersioning', settings.versioning, status => ({
      ...judge(status === 'Enabled', 'Versioning is on.', 'Versioning is off: who may write may overwrite.'),
      fix: command('put-bucket-versioning', ' --versioning-configuration Status=Enabled'),
    })),
    ...publicFindings(settings, command),
    ...policyFindings(settings.policy, address, command),
    toFinding('object lock', 's3:GetBucketObjectLockConfiguration', settings.lockDays, judgeLock),
    toFinding('encryption', 's3:GetEncryptionConfiguration', settings.encryption, algorithm => ({
      ...judge(algorithm !== undefined, `Default encryption: ${algorithm}.`, 'No default encryption is set.'),
      fix: command('put-bucket-encryption', ` --server-side-encryption-configuration ${shellQuote(AES256)}`),
    })),
    toFinding('website', 's3:GetBucketWebsite', settings.website, website => ({
      ...judge(website === undefined, 'The bucket is no website.', 'The bucket is served as a website.'),
      fix: command('delete-bucket-website'),
    })),
    toFinding('cors', 's3:GetBucketCORS', settings.cors, rules => ({
      ...judge(
        rules === undefined || rules === 0,
        'No web page of another origin may read it.',
        `${renderAmount(rules ?? 0, 'CORS rule lets', 'CORS rules let')} web pages of other origins read it.`,
      ),
      fix: command('delete-bucket-cors'),
    })),
  ]
}

const AES256 = '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'
const BLOCK_ALL =
  'BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true'

function judge(isGood: boolean, good: string, bad: string): PostureJudgement {
  return isGood ? { verdict: 'pass', evidence: good } : { verdict: 'fail', evidence: bad }
}

type Command = (call: string, options?: string) => string

function publicFindings(settings: BucketSettings, command: Command): readonly PostureFinding[] {
  const fix = command('put-public-access-block', ` --public-access-block-configuration ${BLOCK_ALL}`)
  return [
    toFinding('public access block', 's3:GetBucketPublicAccessBlock', settings.publicAccessBlock, on => ({
      ...judge(on === 4, 'All four blocks are on.', `${on ?? 0} of 4 blocks against public access are on.`),
      fix,
    })),
    toFinding('policy and ACL', 's3:GetBucketPolicyStatus, s3:GetBucketAcl', settings.isPublic, isPublic => ({
      ...judge(isPublic !== true, 'Neither lets anyone in.', 'The policy or the ACL lets anyone in.'),
      fix,
    })),
  ]
}

function policyFindings(
  policy: BucketSettings['policy'],
  place: BackupPlace,
  command: Command,
): readonly PostureFinding[] {
  const right = 's3:GetBucketPolicy'
  return [
    toFinding('deletes denied', right, policy, json =>
      judgePolicy(json, place, ({ deniesDeletes }) =>
        judge(
          deniesDeletes,
          'The policy denies deletes to all but named roles.',
          'No policy denies deletes. examples/aws-oidc/bucket-policy.json has the statement; put in your roles.',
        ),
      ),
    ),
    toFinding('TLS only', right, policy, json =>
      judgePolicy(json, place, ({ demandsTls }) => ({
        ...judge(
          demandsTls,
          'The policy denies requests without TLS.',
          'The policy lets requests without TLS pass.',
        ),
        fix: command('put-bucket-policy', ` --policy ${shellQuote(withTls(json, place.bucket))}`),
      })),
    ),
  ]
}

/** A store may answer with a policy in a form of its own: it proves nothing, and is not written back. */
function judgePolicy(
  json: string | undefined,
  place: BackupPlace,
  judgeFacts: (facts: PolicyFacts) => PostureJudgement,
): PostureJudgement {
  try {
    return judgeFacts(
      json === undefined ? { deniesDeletes: false, demandsTls: false } : readPolicy(json, place),
    )
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { verdict: 'fail', evidence: 'The policy of the bucket is not a JSON object with statements.' }
  }
}

/** Optional: versions and denied deletes protect as well, as long as no workflow may change them. */
function judgeLock(days: number | undefined): PostureJudgement {
  if (days === undefined) return { verdict: 'not-applicable', evidence: 'Object Lock is off.' }
  if (days === 0) return { verdict: 'not-applicable', evidence: 'Object Lock has no default retention.' }
  return { verdict: 'pass', evidence: `Objects are locked for ${renderAmount(days, 'day')} by default.` }
}
