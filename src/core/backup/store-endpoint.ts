/** The address of a store, as the SDK takes it, and what was repaired in what was given. */
interface StoreEndpoint {
  /** `https://s3.example.com`, without a slash at its end. */
  readonly url: string
  /** A sentence; undefined where nothing was repaired. */
  readonly notice: string | undefined
}

/**
 * A gateway that serves S3 below a path: Supabase has /storage/v1/s3. It ends in `s3`, which no bucket is
 * called: a name has three letters at least.
 */
const GATEWAY_PATH = /^(\/[^/]+)*\/s3$/

/**
 * Parses the address of a store as people paste it from a provider's console. The bucket in its path or host
 * is left out with a notice: it would become part of every key. Throws a RangeError that says what to leave
 * out.
 */
export function parseEndpoint(text: string, bucket: string): StoreEndpoint {
  const url = parseUrl(text)
  const segments = url.pathname.split('/').filter(segment => segment !== '')
  const hasBucketInPath = bucket !== '' && segments.at(-1) === bucket
  const path = (hasBucketInPath ? segments.slice(0, -1) : segments).map(segment => `/${segment}`).join('')
  if (path !== '' && !GATEWAY_PATH.test(path))
    throw new RangeError(
      `expected a URL without a path, such as ${url.origin}: the bucket belongs in destination`,
    )
  const hasBucketInHost =
    bucket !== '' && url.hostname.startsWith(`${bucket}.`) && url.hostname.split('.').length > 2
  const host = hasBucketInHost ? url.host.slice(bucket.length + 1) : url.host
  const endpoint = `${url.protocol}//${host}${path}`
  const notices = [
    ...(hasBucketInPath || hasBucketInHost
      ? [
          `The bucket ${bucket} is left out of the endpoint: it is in destination. The endpoint is ${endpoint}.`,
        ]
      : []),
    ...(isOpenToTheNetwork(url)
      ? [
          `The endpoint ${endpoint} is not encrypted: others on the network can read backups and forge answers. Use https.`,
        ]
      : []),
  ]
  return { url: endpoint, notice: notices.length === 0 ? undefined : notices.join(' ') }
}

/** Plain HTTP to another machine. Requests are signed then, but answers are not. */
function isOpenToTheNetwork({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

function parseUrl(text: string): URL {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  if (!withScheme)
    throw new RangeError(`expected a URL with its scheme, such as https://${exampleHost(text)}`)
  const url = URL.parse(text)
  if (url === null || url.hostname === '')
    throw new RangeError('expected a URL such as https://s3.example.com')
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new RangeError(`expected the scheme https:// instead of ${url.protocol}//`)
  if (url.username !== '' || url.password !== '')
    throw new RangeError(
      'expected a URL without user and password: keys belong in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    )
  if (url.search !== '' || url.hash !== '')
    throw new RangeError(`expected https://host without a query or a fragment behind it`)
  return url
}

/** What was given, where that is a host. */
function exampleHost(text: string): string {
  return /^[A-Za-z0-9.-]+(:\d+)?$/.test(text) ? text : 's3.example.com'
}
