import type { Lab } from '../../../lab/lab.ts'
import { createDatabase, type TestDatabase } from '../database.ts'
import { type ActionRun, runAction, type StartedAction, startAction } from '../runner.ts'
import { type FakeOptions, FakeRender, RENDER_KEY } from './fake-render.ts'
import type { Instance } from './instance.ts'

/** Users as they were an hour ago, in a database that a migration has emptied since. */
export const USERS = `
  CREATE TABLE users (id serial PRIMARY KEY, email text, created_at timestamptz DEFAULT now());
  INSERT INTO users (email) SELECT 'user' || i FROM generate_series(1, 1000) AS i;`

const HOUR_MS = 3_600_000

/** A database at Render that lost its users, and that can be recovered to an hour ago. */
export interface LostUsers extends AsyncDisposable {
  readonly fake: FakeRender
  readonly database: TestDatabase
  readonly source: Instance
  readonly inputs: Readonly<Record<string, string>>
  recover(changes?: Readonly<Record<string, string>>, attempt?: string): Promise<ActionRun>
  start(changes?: Readonly<Record<string, string>>, attempt?: string): StartedAction
  post(after: ActionRun, changes?: Readonly<Record<string, string>>): Promise<ActionRun>
}

export async function loseUsers(lab: Lab, options: FakeOptions = {}): Promise<LostUsers> {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await createDatabase(lab, USERS))
  const fake = stack.use(await FakeRender.start(lab, options))
  const source = await fake.addInstance(database.name)
  await fake.copies.keep(source, new Date(Date.now() - HOUR_MS))
  await database.query('DROP TABLE users')
  const inputs = {
    ...{ 'api-key': RENDER_KEY, 'instance-id': source.id, database: 'logi' },
    'address-services': `${fake.addressUrl}\n${fake.addressUrl}?two`,
  }
  const optionsOf = (changes: Readonly<Record<string, string>>, attempt = '1') => ({
    inputs: { ...inputs, ...changes },
    env: { ...fake.env, GITHUB_RUN_ATTEMPT: attempt },
    secrets: [RENDER_KEY],
  })
  return {
    ...{ fake, database, source, inputs },
    recover: (changes = {}, attempt) => runAction('render-recover', optionsOf(changes, attempt)),
    start: (changes = {}, attempt) => startAction('render-recover', optionsOf(changes, attempt)),
    post: (after, changes = {}) =>
      runAction('render-recover', { ...optionsOf(changes), phase: 'post', after }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
