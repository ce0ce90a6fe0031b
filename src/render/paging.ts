import { OperatorError } from '../core/errors.ts'
import type * as d from '../core/json/decode.ts'
import type { RenderClient } from './client.ts'

const PAGE = 100
/** Far more than a workspace has. */
const MOST_PAGES = 100

/** All items of a list. Throws RENDER_FAILED where its pages do not end. */
export async function readAllPages<T extends { readonly cursor: unknown }>(
  client: RenderClient,
  {
    path,
    query,
    what,
  }: { readonly path: string; readonly query?: Record<string, string>; readonly what: string },
  page: d.Decoder<readonly T[]>,
): Promise<readonly T[]> {
  const found: T[] = []
  let cursor = ''
  for (let read = 0; read < MOST_PAGES; read += 1) {
    const parameters = new URLSearchParams({
      limit: String(PAGE),
      ...query,
      ...(cursor !== '' && { cursor }),
    })
    const items = await client.read({ method: 'GET', path: `${path}?${parameters}`, what }, page)
    found.push(...items)
    const next = String(items.at(-1)?.cursor ?? '')
    if (items.length < PAGE || next === '') return found
    if (next === cursor) break
    cursor = next
  }
  throw new OperatorError(
    'RENDER_FAILED',
    `Render was asked to ${what}, and its pages do not end: ${found.length} items so far.`,
    { hint: 'Check that api-url is the address of the API of Render, and update pg-runbook.' },
  )
}
