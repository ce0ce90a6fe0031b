/** A statement of a bucket policy; every field may be one text or a list. */
interface Statement {
  readonly Effect?: unknown
  readonly Principal?: unknown
  readonly Action?: unknown
  readonly Condition?: unknown
}

/** What matters of a bucket policy. Throws a RangeError where it is not JSON. */
export interface PolicyFacts {
  readonly deniesDeletes: boolean
  readonly demandsTls: boolean
}

export function readPolicy(json: string): PolicyFacts {
  const denials = statementsOf(json).filter(
    ({ Effect, Principal }) => Effect === 'Deny' && isAnyone(Principal),
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

function isAboutTls(condition: unknown): boolean {
  if (!isObject(condition) || !isObject(condition.Bool)) return false
  return texts(condition.Bool['aws:SecureTransport']).includes('false')
}

function matchesAll(action: unknown): boolean {
  return texts(action).some(pattern => pattern === '*' || pattern === 's3:*')
}

/** IAM's patterns: an asterisk stands for anything, case does not matter. */
function matches(pattern: string, action: string): boolean {
  const parts = pattern.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(action)
}
