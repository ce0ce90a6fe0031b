import type { Secret } from '../core/secret.ts'
import { RenderClient, type RenderConfig } from '../render/client.ts'
import { RenderDatabases } from '../render/databases.ts'
import { RenderServices } from '../render/services.ts'
import type { ActionContext } from '../runner/action.ts'
import type { Environment } from '../runner/environment.ts'
import type { Inputs, Read } from '../runner/inputs.ts'

/** Render's public API. https://api-docs.render.com */
const PUBLIC_API = 'https://api.render.com/v1'

/** The inputs api-key and api-url, which every action that talks to Render has. */
export function readRenderConfig(inputs: Inputs, { variables }: Environment): Read<RenderConfig> {
  const key = readKey(inputs)
  const given = inputs.parseOptional('api-url', parseApiUrl)
  return inputs.combine({ key, given }, read => {
    const apiUrl = read.given ?? (variables.RENDER_API_URL || PUBLIC_API)
    return { apiUrl: apiUrl.replace(/\/+$/, ''), key: read.key }
  })
}

function readKey(inputs: Inputs): Read<Secret> {
  const key = inputs.secret('api-key')
  if (key === undefined) return inputs.problem('api-key', 'is required')
  if (/[\s\u0000-\u001f]/.test(key.reveal()))
    return inputs.problem('api-key', 'has a space or a line break: paste the key alone')
  return key
}

/** The API, for as long as the signal lets it. */
export interface Render {
  readonly databases: RenderDatabases
  readonly services: RenderServices
}

export function openRender(
  { log }: Pick<ActionContext, 'log'>,
  config: RenderConfig,
  signal: AbortSignal,
): Render {
  const client = new RenderClient(config, log, signal)
  return { databases: new RenderDatabases(client), services: new RenderServices(client) }
}

function parseApiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
  if (!isPlain) throw new RangeError('expected a URL such as https://api.render.com/v1')
  if (url.username !== '' || url.password !== '') throw new RangeError('the URL must not contain credentials')
  return text
}
