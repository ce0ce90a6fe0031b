/** A statement of a bucket policy; every field may be one text or a list. */
interface Statement {
  readonly Effect?: unknown
  readonly Principal?: unknown
  readonly Action?: unknown
  readonly Resource?: unknown
  readonly Condition?: unknown
}

export interface PolicyFacts {
  readonly deniesDeletes: boolean
  readonly demandsTls: boolean
}

/** Where the backups are; `prefix` has no slash at its ends. */
export interface BackupPlace {
  readonly bucket: string
  readonly prefix: string
}

/** What matters of a bucket policy for the backups in one place. Throws a RangeError where it is not JSON. */
export function readPolicy(json: string, place: BackupPlace): PolicyFacts {
  const denials = statementsOf(json).filter(
    ({ Effect, Principal, Resource }) =>
      Effect === 'Deny' && isAnyone(Principal) && coversBackups(Resource, place),
  )
  const denied = denials
    .filter(({ Condition }) => exemptsPrincipals(Condition))
    .flatMap(({ Action }) => texts(Action))
  return {
    deniesDeletes: ['s3:DeleteObject', 's3:DeleteObjectVersion'].every(action =>
      denied.some(pattern => matches(pattern, action)),
    ),
    demandsTls: denials.some(({ Action, Condition }) => matchesAll(Action) && isAboutTls(Condition)),
  }
}

/** The policy with one statement more: nothing without TLS. */
export function withTls(json: string | undefined, bucket: string): string {
  const resource = `arn:aws:s3:::${bucket}`
  const statement = {
    Sid: 'NothingWithoutTls',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: [resource, `${resource}/*`],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  }
  const policy = json === undefined ? { Version: '2012-10-17' } : parseObject(json)
  const present = json === undefined ? [] : statementsOf(json)
  return JSON.stringify({ ...policy, Statement: [...present, statement] })
}

function statementsOf(json: string): readonly Statement[] {
  const { Statement: statements } = parseObject(json)
  const list: readonly unknown[] = Array.isArray(statements) ? statements : [statements]
  return list.filter(isObject)
}

function parseObject(json: string): Readonly<Record<string, unknown>> {
  const value = parseJson(json)
  if (!isObject(value)) throw new RangeError('the bucket policy is not an object')
  return value
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new RangeError('the bucket policy is not JSON', { cause: error })
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function texts(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.filter(item => typeof item === 'string')
}

function isAnyone(principal: unknown): boolean {
  return principal === '*' || (isObject(principal) && texts(principal.AWS).includes('*'))
}

/** Without a condition it denies all; with one, it may exempt the roles of retention and of people. */
function exemptsPrincipals(condition: unknown): boolean {
  if (condition === undefined) return true
  if (!isObject(condition)) return false
  return Object.entries(condition).every(
    ([operator, keys]) =>
      /^(ArnNot|StringNot)/.test(operator) &&
      isObject(keys) &&
      Object.keys(keys).every(key => /^aws:(principal|user)/i.test(key)),
  )
}

/** Whether one of the patterns matches everything that a backup is made of, in any partition of AWS. */
function coversBackups(resource: unknown, { bucket, prefix }: BackupPlace): boolean {
  const folder = prefix === '' ? bucket : `${bucket}/${prefix}`
  // No pattern but one that ends in an asterisk matches both.
  const objects = ['archives/a/b', 'manifests/c'].map(name => `arn:aws:s3:::${folder}/${name}`)
  return texts(resource)
    .map(pattern => pattern.replace(/^arn:aws[\w-]*:/, 'arn:aws:'))
    .some(pattern => objects.every(object => matches(pattern, object)))
}

function isAboutTls(condition: unknown): boolean {
  if (!isObject(condition) || !isObject(condition.Bool)) return false
  return texts(condition.Bool['aws:SecureTransport']).includes('false')
}

function matchesAll(action: unknown): boolean {
  return texts(action).some(pattern => pattern === '*' || pattern === 's3:*')
}

/** IAM's patterns: `*` stands for anything, `?` for one character; case does not matter. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 'i').test(text)
}
