import { once } from 'node:events'
import { createServer, type Server } from 'node:http'

export interface RecordedAnswer {
  readonly status: number
  readonly body?: string
}

/** Answers by what is asked: `GET ?versioning`, `PUT object`, `DELETE object`, `anonymous`. */
export type Recording = Readonly<Record<string, RecordedAnswer>>

const error = (status: number, code: string, message = code): RecordedAnswer => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
})

const NOT_IMPLEMENTED = error(501, 'NotImplemented', 'A header or query you provided implies functionality')

const LIFECYCLE_OF_R2 = `<?xml version="1.0" encoding="UTF-8"?><LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>Default Multipart Abort Rule</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>`

/**
 * Cloudflare R2, by its table of S3 calls (developers.cloudflare.com/r2/api/s3/api): lifecycle, CORS and
 * encryption are there; versioning, policies, ACLs, website and locks are not.
 */
export const R2: Recording = {
  'GET ?lifecycle': { status: 200, body: LIFECYCLE_OF_R2 },
  'GET ?cors': error(404, 'NoSuchCORSConfiguration'),
  'GET ?encryption': {
    status: 200,
    body: '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>',
  },
  'PUT object': error(412, 'PreconditionFailed'),
  'DELETE object': error(403, 'AccessDenied'),
  anonymous: error(400, 'InvalidArgument', 'Authorization'),
  default: NOT_IMPLEMENTED,
}

/**
 * Backblaze B2: always with versions; an ACL instead of policies; a key that may only write reads no
 * settings.
 */
export const B2: Recording = {
  'GET ?lifecycle': error(404, 'NoSuchLifecycleConfiguration'),
  'GET ?versioning': {
    status: 200,
    body: '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>',
  },
  'GET ?acl': {
    status: 200,
    body: '<AccessControlPolicy><Owner><ID>a</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>a</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>',
  },
  'GET ?object-lock': error(403, 'AccessDenied', 'not entitled'),
  'GET ?encryption': error(404, 'ServerSideEncryptionConfigurationNotFoundError'),
  'GET ?cors': error(404, 'NoSuchCORSConfiguration'),
  'PUT object': error(501, 'NotImplemented', 'If-None-Match'),
  anonymous: error(401, 'UnauthorizedAccess'),
  default: NOT_IMPLEMENTED,
}

/** Google Cloud Storage, XML API: its lifecycle has Action and Condition. */
export const GCS: Recording = {
  'GET ?lifecycle': {
    status: 200,
    body: '<?xml version="1.0"?><LifecycleConfiguration><Rule><Action><Delete/></Action><Condition><Age>30</Age></Condition></Rule></LifecycleConfiguration>',
  },
  'GET ?versioning': {
    status: 200,
    body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  },
  'GET ?cors': { status: 200, body: '<CorsConfig></CorsConfig>' },
  'PUT object': error(403, 'AccessDenied'),
  anonymous: error(403, 'AccessDenied'),
  default: error(400, 'InvalidArgument', 'Invalid query parameter'),
}

/** A real HTTP server that answers with what a store said. */
export class RecordedStore implements AsyncDisposable {
  /** What was asked, in order. */
  readonly asked: string[] = []
  readonly #server: Server

  private constructor(recording: Recording) {
    this.#server = createServer((request, response) => {
      const question = questionOf(request.method ?? '', request.url ?? '', request.headers.authorization)
      this.asked.push(question)
      request.resume()
      request.on('end', () => {
        const { status, body = '' } = recording[question] ?? recording.default ?? { status: 500 }
        response.writeHead(status, { 'content-type': 'application/xml' })
        response.end(body)
      })
    })
  }

  static async start(recording: Recording): Promise<RecordedStore> {
    const store = new RecordedStore(recording)
    await once(store.#server.listen(0, '127.0.0.1'), 'listening')
    return store
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
    return `http://127.0.0.1:${address.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}

function questionOf(method: string, url: string, authorization: string | undefined): string {
  if (authorization === undefined) return 'anonymous'
  const { pathname, searchParams } = new URL(url, 'http://store')
  if (pathname.split('/').filter(part => part !== '').length > 1) return `${method} object`
  const [name = ''] = [...searchParams.keys()].filter(key => key !== 'x-id')
  return `${method} ?${name}`
}
