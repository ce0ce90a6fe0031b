import type { Inputs, Read } from '../runner/inputs.ts'
import type { StoreConfig } from '../storage/client.ts'
import type { ObjectTags, ServerSideEncryption } from '../storage/objects.ts'

/** The store with the inputs sse and object-tags of an action that writes: what every object carries. */
export function readWritableStore(inputs: Inputs, store: Read<StoreConfig>): Read<StoreConfig> {
  const given = { store, sse: inputs.parseOptional('sse', parseSse), tags: readTags(inputs) }
  return inputs.combine(given, ({ store: readable, ...settings }) => ({ ...readable, ...settings }))
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
function readTags(inputs: Inputs): Read<ObjectTags> {
  const tags = inputs.parseLines('object-tags', parseTag)
  return inputs.combine({ tags }, read =>
    read.tags.length > 10
      ? inputs.problem('object-tags', `has ${read.tags.length} tags; S3 allows 10`)
      : read.tags,
  )
}

function parseTag(line: string): readonly [string, string] {
  const at = line.indexOf('=')
  if (at < 1) throw new RangeError('expected name=value')
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
}
