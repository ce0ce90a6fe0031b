import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import type { TestBucket } from './bucket.ts'
import type { TestDatabase } from './database.ts'
import { dumpOptions } from './dump.ts'
import { theLab } from './lab.ts'
import { type ActionOptions, type ActionRun, runAction, type StartedAction, startAction } from './runner.ts'

export const USERS = `
  CREATE TABLE users (id serial PRIMARY KEY, email text, created_at timestamptz DEFAULT now());
  INSERT INTO users (email) SELECT 'user' || i FROM generate_series(1, 1000) AS i;`

/** Two pending migrations, as an operator's own command tells them. */
export const PENDING = { migrations: 'printf "20261101_add_plan\\n20261102_drop_legacy\\n"' }

/** Runs the gate in front of that database to its end. */
export function runGate(
  source: Pick<TestDatabase, 'url'>,
  bucket: TestBucket,
  options: ActionOptions = {},
): Promise<ActionRun> {
  return runAction('pre-migration-snapshot', gateOptions(source, bucket, options))
}

export function startGate(
  source: Pick<TestDatabase, 'url'>,
  bucket: TestBucket,
  options: ActionOptions = {},
): StartedAction {
  return startAction('pre-migration-snapshot', gateOptions(source, bucket, options))
}

function gateOptions(
  source: Pick<TestDatabase, 'url'>,
  bucket: TestBucket,
  options: ActionOptions,
): ActionOptions {
  return dumpOptions(theLab(), source, bucket, {
    ...options,
    inputs: { database: 'logi', ...PENDING, ...options.inputs },
  })
}

/** What keeps a deploy from going on: a failed step, one annotation, and outputs that say so. */
export function expectClosed(run: ActionRun, code: string): void {
  const errors = run.annotations.filter(({ level }) => level === 'error')
  expect(
    errors.map(({ title }) => title),
    run.log,
  ).toEqual([`pre-migration-snapshot: ${code}`])
  expect(run.exitCode).toBe(1)
  expect(run.outputs).toMatchObject({ 'verified-level': 'none', 'backup-id': '', 'restore-command': '' })
}

export async function putText({ client, name }: TestBucket, key: string, text: string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: text }))
}

export async function removeKey({ client, name }: TestBucket, key: string): Promise<void> {
  await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }))
}

export interface Service extends AsyncDisposable {
  readonly url: string
  /** Nothing answers at its address any more. */
  stop(): void
}

/** A service that answers as told, at an address of its own. */
export async function startService(answer: (response: ServerResponse) => void): Promise<Service> {
  const server = createServer((_, response) => answer(response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${port}/up`, stop, [Symbol.asyncDispose]: async () => stop() }
}
