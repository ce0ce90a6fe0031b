import { parseDestination, renderDestination } from '../core/backup/bucket-layout.ts'
import { ON_COPY_FAILURE } from '../core/backup/copies.ts'
import { parseCopyLine, parseCredentialsName } from '../core/backup/copy-line.ts'
import type { Environment } from '../runner/environment.ts'
import { type Inputs, type Read, Refused } from '../runner/inputs.ts'
import type { Copies, CopyDestination } from '../steps/dump/request.ts'
import type { StoreConfig } from '../storage/client.ts'
import { COMPATIBILITY } from '../storage/multipart/upload-request.ts'
import { parseStorageClass } from './dump-inputs.ts'
import { ANY_REGION, readStoreConfig } from './store-inputs.ts'
import { readWritableStore } from './write-inputs.ts'

interface Place {
  readonly location: { readonly prefix: string }
  readonly store: StoreConfig
}

/** The inputs copies, on-copy-failure and copy-timeout. A line takes nothing from the other inputs. */
export function readCopies(
  inputs: Inputs,
  environment: Environment,
  first: { readonly [Part in keyof Place]: Read<Place[Part]> },
): Read<Copies> {
  const lines = inputs.lines('copies').map((line, i) => {
    const label = `copies, line ${i + 1}`
    const settings = inputs.attempt(label, () => parseCopyLine(line))
    if (settings instanceof Refused) return settings
    return readCopy(inputs.within(label, asInputs(settings)), environment)
  })
  const targets = lines.flatMap(target => (target instanceof Refused ? [] : [target]))
  inputs.combine(first, place => noteTwins(inputs, place, targets))
  const given = {
    timeoutMs: inputs.durationMs('copy-timeout'),
    onFailure: inputs.oneOf('on-copy-failure', ON_COPY_FAILURE),
  }
  return inputs.combine(given, read => ({ ...read, targets }))
}

function noteTwins(inputs: Inputs, { store, location }: Place, targets: readonly CopyDestination[]): void {
  const taken = new Set([addressOf(store, location.prefix)])
  for (const { config, destination } of targets) {
    const address = addressOf(config, destination.prefix)
    if (taken.has(address))
      inputs.problem('copies', `${renderDestination(destination)} is a destination already`)
    taken.add(address)
  }
}

/** As inputs would have them: a tag per line, and no region of the first store where an endpoint is set. */
function asInputs(settings: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const region = settings.get('s3-region') || (settings.get('s3-endpoint') ? ANY_REGION : '')
  const tags = settings.get('object-tags')?.replaceAll('&', '\n') ?? ''
  return new Map([...settings, ['s3-region', region], ['object-tags', tags]])
}

function addressOf({ endpoint, bucket }: StoreConfig, prefix: string): string {
  return `${endpoint ?? ''} ${bucket}/${prefix}`
}

function readCopy(settings: Inputs, environment: Environment): Read<CopyDestination> {
  const destination = settings.parse('destination', parseDestination)
  const credentials = settings.optional('credentials')
  const name = credentials && settings.attempt('credentials', () => parseCredentialsName(credentials))
  const own = settings.combine({ name }, read => ({
    name: read.name,
    roleArn: settings.optional('role-arn'),
  }))
  return settings.combine(
    {
      destination,
      config: readWritableStore(settings, readStoreConfig(settings, environment, destination, own)),
      storageClass: settings.parseOptional('storage-class', parseStorageClass),
      compatibility:
        settings.optional('s3-compatibility') && settings.oneOf('s3-compatibility', COMPATIBILITY),
    },
    ({ storageClass, compatibility, ...read }) => ({
      ...read,
      storageClass: storageClass ?? 'auto',
      compatibility: compatibility || 'auto',
    }),
  )
}
