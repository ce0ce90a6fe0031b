import { createHash, randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Proofs } from '../../core/posture/proof-findings.ts'
import { factsOf } from '../error-facts.ts'
import type { Store } from '../store.ts'
import { isDenied, isPreconditionFailed, lacksConditions } from '../store-error.ts'

const ANSWER_TIMEOUT_MS = 15_000
const TEXT = 'Written by check-bucket of pg-runbook, to prove that it cannot be replaced or deleted.\n'

/**
 * Tries what must not work: to read without credentials, to write over an object, to delete one. The probe
 * has one name, so that a bucket that lets nothing be deleted keeps one of it. `mayDelete` false leaves it
 * where it is.
 */
export async function probeBucket(store: Store, archives: string, mayDelete: boolean): Promise<Proofs> {
  const key = `${archives}.pg-runbook-probe`
  const firstPut = await tryPut(store, key)
  const secondPut = firstPut === 'accepted' ? await tryPut(store, key) : firstPut
  const isThere = firstPut === 'accepted' || firstPut === 'refused'
  return {
    anonymousRandom: await readWithoutCredentials(store, `${archives}${randomBytes(12).toString('hex')}`),
    anonymousProbe: isThere ? await readWithoutCredentials(store, key) : null,
    secondPut,
    remove: isThere && mayDelete ? await tryDelete(store, key) : 'not-tried',
  }
}

async function tryPut(store: Store, key: string): Promise<Proofs['secondPut']> {
  // A bucket that locks its objects takes none without it.
  const ContentMD5 = createHash('md5').update(TEXT).digest('base64')
  const input = { Bucket: store.bucket, Key: key, Body: TEXT, ContentMD5, IfNoneMatch: '*' }
  try {
    await store.send('write the probe', (client, options) =>
      client.send(new PutObjectCommand(input), options),
    )
    return 'accepted'
  } catch (error) {
    if (isPreconditionFailed(error)) return 'refused'
    if (lacksConditions(error)) return 'unknown-call'
    // Also where the key service of its encryption is not there: the other lines are worth reading all the
    // same.
    if (factsOf(error).status !== undefined) return 'denied'
    throw error
  }
}

async function tryDelete(store: Store, key: string): Promise<Proofs['remove']> {
  try {
    await store.send('delete the probe', (client, options) =>
      client.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: key }), options),
    )
    return 'accepted'
  } catch (error) {
    if (isDenied(error)) return 'refused'
    throw error
  }
}

/** The HTTP status of a GET without any credentials; null where there was no answer. */
async function readWithoutCredentials(store: Store, key: string): Promise<number | null> {
  const { endpoint, region, bucket } = store.config
  const base = endpoint === undefined ? `https://s3.${region}.amazonaws.com` : endpoint.replace(/\/+$/, '')
  const url = new URL(`${base}/${bucket}/${key}`)
  const request = url.protocol === 'http:' ? httpRequest : httpsRequest
  return await new Promise(resolve => {
    const outgoing = request(url, { timeout: ANSWER_TIMEOUT_MS, signal: store.signal }, answer => {
      answer.resume()
      resolve(answer.statusCode ?? null)
    })
    outgoing.on('timeout', () => outgoing.destroy())
    outgoing.on('error', () => resolve(null))
    outgoing.end()
  })
}
