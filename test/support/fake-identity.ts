import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Keys } from '../../lab/ceph.ts'

/** GitHub's token service and AWS STS, as much of each as a job needs that assumes a role. */
export interface FakeIdentity extends AsyncDisposable {
  /** What a job with `id-token: write` has in its environment, and where its STS is. */
  readonly env: Readonly<Record<string, string>>
  /** Tokens given out, in order. */
  readonly tokens: readonly string[]
  /** Requests for a role, in order: the fields of each. */
  readonly assumed: ReadonlyArray<Readonly<Record<string, string>>>
}

export interface FakeIdentityOptions {
  /** What the role's credentials are. */
  readonly keys: Keys
  /** How long they last. */
  readonly sessionMs?: number
  /** STS says that this workflow may not have the role. */
  readonly isDenied?: boolean
}

const BEARER = 'bearer-of-this-job'

/** Starts both on loopback. A token is good once, as one is that has run out by the second time. */
export async function startFakeIdentity({
  keys,
  sessionMs = 3_600_000,
  isDenied = false,
}: FakeIdentityOptions): Promise<FakeIdentity> {
  const tokens: string[] = []
  const assumed: Record<string, string>[] = []
  const giveToken = ({ url = '', headers }: IncomingMessage) => {
    if (headers.authorization !== `Bearer ${BEARER}`) return { status: 401, body: '{}' }
    const audience = new URL(url, 'http://x').searchParams.get('audience')
    tokens.push(`token.${tokens.length}.for-${audience}`)
    return { status: 200, body: JSON.stringify({ value: tokens.at(-1) }) }
  }
  const giveRole = async (request: IncomingMessage) => {
    const fields = Object.fromEntries(new URLSearchParams(await text(request)))
    const isFresh =
      tokens.includes(fields.WebIdentityToken ?? '') &&
      !assumed.some(({ WebIdentityToken }) => WebIdentityToken === fields.WebIdentityToken)
    assumed.push(fields)
    if (!isFresh) return { status: 400, body: stsError('ExpiredTokenException', 'Token expired') }
    if (isDenied)
      return {
        status: 403,
        body: stsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'),
      }
    return { status: 200, body: stsAnswer(keys, new Date(Date.now() + sessionMs)) }
  }
  const server = createServer(async (request, response) => {
    const { status, body } = request.method === 'POST' ? await giveRole(request) : giveToken(request)
    response.writeHead(status, {
      'Content-Type': request.method === 'POST' ? 'text/xml' : 'application/json',
    })
    response.end(body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: BEARER,
      AWS_ENDPOINT_URL_STS: url,
    },
    tokens,
    assumed,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function stsAnswer({ accessKeyId, secretAccessKey }: Keys, expiration: Date): string {
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
    <Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey>
    <SessionToken></SessionToken><Expiration>${expiration.toISOString()}</Expiration></Credentials>
    </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`
}

function stsError(code: string, message: string): string {
  return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`
}
