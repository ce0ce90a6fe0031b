import { errorMessage, OperatorError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { parseAddress } from '../core/render/allow-list.ts'
import { readBody } from '../net/read-body.ts'
import { fetchWeb } from '../net/web-request.ts'
import type { Inputs, Read } from '../runner/inputs.ts'

/** How the address of the runner is found: given, or asked from services on the Internet. */
export interface AddressSource {
  /** `203.0.113.7/32`; undefined: ask. */
  readonly given: string | undefined
  readonly services: readonly string[]
}

const ANSWER_TIMEOUT_MS = 10_000
/** So many services have to name the same address: one alone could open a database for a stranger. */
const AGREEING = 2

/** The inputs runner-address and address-services. */
export function readAddressSource(inputs: Inputs): Read<AddressSource> {
  const given = inputs.parseOptional('runner-address', parseAddress)
  const services = inputs.lines('address-services')
  const bad = services.filter(url => !/^https?:\/\/[^\s@]+$/.test(url) || !URL.canParse(url))
  if (bad.length > 0) inputs.problem('address-services', `got "${bad.join('", "')}", expected URLs`)
  if (given === undefined && new Set(services).size < AGREEING)
    inputs.problem('address-services', `needs at least ${AGREEING} different services, or set runner-address`)
  return inputs.combine({ given }, read => ({ given: read.given, services }))
}

/** The address of this runner as an allow list takes it. Throws ACCESS_FAILED where no two services agree. */
export async function findRunnerAddress(
  { given, services }: AddressSource,
  log: Log,
  signal: AbortSignal,
): Promise<string> {
  if (given !== undefined) return given
  const answers = await Promise.all([...new Set(services)].map(url => ask(url, signal)))
  const named = answers.flatMap(({ address }) => address ?? [])
  const agreed = named.find(address => named.filter(other => other === address).length >= AGREEING)
  const text = answers.map(({ url, address, problem }) => `${url}: ${address ?? problem}`).join('; ')
  log.info(`Address of this runner: ${text}`)
  if (agreed !== undefined) return agreed
  throw new OperatorError('ACCESS_FAILED', `The address of this runner is not certain: ${text}.`, {
    hint: 'Set runner-address, or name other services in address-services.',
  })
}

async function ask(
  url: string,
  signal: AbortSignal,
): Promise<{ readonly url: string; readonly address?: string; readonly problem?: string }> {
  try {
    const late = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
    const response = await fetchWeb(url, { signal: AbortSignal.any([signal, late]) })
    const text = (await readBody(response, 1000)).slice(0, 100)
    return response.ok ? { url, address: parseAddress(text) } : { url, problem: `status ${response.status}` }
  } catch (error) {
    signal.throwIfAborted()
    return { url, problem: error instanceof RangeError ? 'no address in the answer' : errorMessage(error) }
  }
}
