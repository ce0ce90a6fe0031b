import { shellQuote } from '../text/shell-quote.ts'
import { endpointOption } from './aws-commands.ts'
import type { ArchiveFormat, Manifest } from './manifest.ts'

/** Shell commands that restore an archive with stock tools: through a checked file, or as a stream. */
interface RestoreCommands {
  readonly file: string
  readonly stream: string
}

/** A plain script is compressed as a whole, and psql reads it as text. */
const UNPACK: ReadonlyMap<string, string> = new Map([
  ['gzip', 'gzip -dc'],
  ['lz4', 'lz4 -dc'],
  ['zstd', 'zstd -dc'],
])

/** The store that was asked. A manifest may name another bucket: it was copied, or forged. */
export interface StoreAddress {
  readonly bucket: string
  /** Undefined for AWS. */
  readonly endpoint: string | undefined
}

/**
 * A sentence when the manifest names another bucket than the one that was asked; undefined when they agree.
 */
export function otherBucketNote(
  { bucket }: Pick<Manifest['object'], 'bucket'>,
  store: Pick<StoreAddress, 'bucket'>,
): string | undefined {
  if (bucket === store.bucket) return undefined
  return `The manifest names the bucket ${bucket}, but it lies in ${store.bucket}: this is a copy. Commands name ${store.bucket}.`
}

/** How an archive was made, and the commands that leave entries out of its list, which needs a file. */
interface ArchiveLayout {
  readonly format: ArchiveFormat
  readonly compression?: string
  readonly filters?: readonly string[]
}

/** Both expect the URL of an empty database in TARGET_URL. Runbook §4.2: no owners, no grants. */
export function renderRestoreCommands(
  object: Pick<Manifest['object'], 'key' | 'sha256'>,
  { bucket, endpoint }: StoreAddress,
  { format, compression = 'none', filters = [] }: ArchiveLayout,
): RestoreCommands {
  const store = endpointOption(endpoint)
  const uri = shellQuote(`s3://${bucket}/${object.key}`)
  // A forged key may end in a name that reads as an option, or as standard output.
  const file = object.key.replace(/^.*\//, '').replace(/^-/, './-')
  const name = shellQuote(file)
  const fetchFile = `aws s3 cp${store} ${uri} ${name} &&\n  echo ${shellQuote(`${object.sha256}  ${file}`)} | sha256sum --check &&`
  const fetchStream = `aws s3 cp${store} ${uri} -`
  if (format === 'plain') {
    const unpack = UNPACK.get(compression.replace(/:.*$/, ''))
    if (unpack === undefined)
      return {
        file: `${fetchFile}\n  psql --no-psqlrc --set ON_ERROR_STOP=1 --single-transaction --dbname "$TARGET_URL" --file ${name}`,
        stream: whenWhole(fetchStream),
      }
    return {
      file: `${fetchFile}\n  ${whenWhole(`${unpack} < ${name}`)}`,
      stream: whenWhole(`${fetchStream} | ${unpack}`),
    }
  }
  const restore = 'pg_restore --exit-on-error --no-owner --no-acl'
  const list = shellQuote(`${file}.list`)
  const [writeList, useList] =
    filters.length === 0
      ? ['', '']
      : [`\n  ${[`pg_restore --list ${name}`, ...filters].join(' | ')} > ${list} &&`, ` --use-list ${list}`]
  // Two runs: in parallel, post-data of a partitioned parent may come before the rows of its partitions.
  const load = (sections: string) => `${restore}${useList}${sections} --jobs 4 --dbname "$TARGET_URL" ${name}`
  return {
    file: `${fetchFile}${writeList}\n  ${load(' --section pre-data --section data')} &&\n  ${load(' --section post-data')}`,
    stream: `${fetchStream} \\\n  | ${restore} --dbname "$TARGET_URL"`,
  }
}

/**
 * Runs the script that a command puts out, in one transaction. psql takes the end of a script that was cut
 * short for its end, and would commit what came, with success: so COMMIT comes only when the command ended
 * well, and else what ends rows that are open, and fails.
 */
function whenWhole(script: string): string {
  const psql = 'psql --no-psqlrc --set ON_ERROR_STOP=1 --dbname "$TARGET_URL"'
  const failure = "printf '\\n%s\\n' '\\.' 'ROLLBACK TO whole;'"
  return `{ echo 'BEGIN;' && ${script} && echo 'COMMIT;' || ${failure}; } \\\n  | ${psql}`
}
