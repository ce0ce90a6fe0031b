import type { Inputs } from '../runner/inputs.ts'
import type { StoreConfig } from '../storage/client.ts'
import type { ObjectTags, ServerSideEncryption } from '../storage/objects.ts'

/** The inputs sse and object-tags of an action that writes to the bucket: what every object carries. */
export function readWriteSettings(inputs: Inputs): Pick<StoreConfig, 'sse' | 'tags'> {
  return { sse: inputs.parseOptional('sse', parseSse), tags: readTags(inputs) }
}

/** Throws a RangeError. */
function parseSse(text: string): ServerSideEncryption {
  if (text === 'AES256') return { algorithm: text, keyId: undefined }
  const [, algorithm, keyId] = /^(aws:kms(?::dsse(?=:|$))?)(?::(.+))?$/.exec(text) ?? []
  if (algorithm === 'aws:kms' || algorithm === 'aws:kms:dsse') return { algorithm, keyId }
  throw new RangeError(
    'expected AES256, aws:kms, aws:kms:<key id or ARN>, or aws:kms:dsse with or without a key',
  )
}

/** S3 allows ten tags an object. */
function readTags(inputs: Inputs): ObjectTags {
  const lines = inputs.lines('object-tags')
  if (lines.length > 10) inputs.problem('object-tags', `has ${lines.length} tags; S3 allows 10`)
  return lines.map(line => inputs.attempt('object-tags', () => parseTag(line), line))
}

function parseTag(line: string): readonly [string, string] {
  const at = line.indexOf('=')
  if (at < 1) throw new RangeError('expected name=value')
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
}
