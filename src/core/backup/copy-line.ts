/** What a line of the input `copies` may set, in the words of the inputs. */
const SETTINGS = [
  'destination',
  's3-endpoint',
  's3-region',
  's3-compatibility',
  'storage-class',
  'sse',
  'object-tags',
  'credentials',
  'role-arn',
] as const
type CopySetting = (typeof SETTINGS)[number]

/**
 * Parses `destination=s3://bucket/prefix,s3-region=eu-west-1`: settings as docker/build-push-action writes
 * its outputs. Throws a RangeError that repeats no value: one may be a key that is in the wrong place.
 */
export function parseCopyLine(line: string): ReadonlyMap<CopySetting, string> {
  const found = new Map<CopySetting, string>()
  for (const field of line.split(',')) {
    const at = field.indexOf('=')
    const name = field.slice(0, Math.max(at, 0)).trim()
    if (!isSetting(name)) throw new RangeError(unknownSetting(name))
    if (found.has(name)) throw new RangeError(`${name} is set twice`)
    found.set(name, field.slice(at + 1).trim())
  }
  if (!found.get('destination'))
    throw new RangeError('expected destination=s3://bucket or s3://bucket/prefix')
  if (found.get('credentials') && found.get('role-arn'))
    throw new RangeError('expected credentials or role-arn, not both')
  return found
}

function isSetting(name: string): name is CopySetting {
  return SETTINGS.some(setting => setting === name)
}

function unknownSetting(name: string): string {
  const what = /^[\w-]{1,40}$/.test(name) ? `"${name}" is no setting of a copy` : 'expected name=value'
  const where = /key|secret|token|password/i.test(name)
    ? ' Keys belong in environment variables, which credentials names.'
    : ''
  return `${what}. Expected ${SETTINGS.join(', ')}, with commas between.${where}`
}

/** Checks the name before `_ACCESS_KEY_ID` and `_SECRET_ACCESS_KEY`. Throws a RangeError. */
export function parseCredentialsName(text: string): string {
  // Never repeated: it may be a key.
  if (!/^[A-Z][A-Z0-9_]{0,30}$/.test(text))
    throw new RangeError(
      'expected a name such as COPY, in capitals: the step then reads COPY_ACCESS_KEY_ID and COPY_SECRET_ACCESS_KEY',
    )
  return text
}
