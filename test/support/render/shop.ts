import type { Lab } from '../../../lab/lab.ts'
import { createBucket, type TestBucket } from '../bucket.ts'
import { labEnvironment } from '../dump.ts'
import { type ActionRun, runAction, type StartedAction, startAction } from '../runner.ts'
import { type FakeOptions, RENDER_KEY } from './fake-render.ts'
import type { Instance } from './instance.ts'
import { type LostUsers, loseUsers } from './recovery.ts'
import type { FakeGroup, FakeService } from './service.ts'

/** A web service, a worker and a cron job around a database that lost its users, and its recovery. */
export interface Shop extends AsyncDisposable {
  readonly lost: LostUsers
  readonly bucket: TestBucket
  readonly web: FakeService
  readonly worker: FakeService
  readonly cron: FakeService
  readonly group: FakeGroup
  readonly fresh: Instance
  readonly inputs: Readonly<Record<string, string>>
  cutOver(changes?: Readonly<Record<string, string>>): Promise<ActionRun>
  start(changes?: Readonly<Record<string, string>>): StartedAction
}

const HALF_HOUR_MS = 1_800_000

/**
 * The web service has the internal URL, the worker the external one with a parameter, the cron job that of a
 * group.
 */
export async function openShop(lab: Lab, options: FakeOptions = {}): Promise<Shop> {
  const stack = new AsyncDisposableStack()
  const lost = stack.use(await loseUsers(lab, options))
  const bucket = stack.use(await createBucket(lab))
  const { fake, source } = lost
  const copy = await fake.copies.recover(source.id, new Date())
  const fresh = await fake.addInstance(copy ?? '', { name: 'pg-runbook-recovery-logi-1-latest' })
  fake.setAllowList(fresh, [])
  const web = await fake.addService({
    ...{ name: 'logi-server', type: 'web_service' },
    variables: { DATABASE_URL: source.internalUrl, RAILS_ENV: 'production' },
  })
  const worker = await fake.addService({
    ...{ name: 'logi-worker', type: 'background_worker' },
    variables: { DATABASE_URL: `${source.externalUrl}?application_name=worker` },
  })
  const cron = await fake.addService({ name: 'logi-cron', type: 'cron_job', variables: {} })
  const group = fake.addGroup('logi-jobs', { DATABASE_URL: source.internalUrl, TZ: 'UTC' }, [cron])
  const inputs = {
    ...{ 'api-key': RENDER_KEY, 'instance-id': source.id, 'new-instance-id': fresh.id },
    'service-ids': [web, worker, cron].map(({ id }) => id).join('\n'),
    ...{ 'env-group-ids': group.id, destination: `s3://${bucket.name}/backups`, database: 'logi' },
    ...{ 'skip-verification': 'the test judges it', confirm: 'logi-db', 'health-url': web.publicUrl },
    ...{ 'health-probes': '2', 'recovered-to': new Date(Date.now() - HALF_HOUR_MS).toISOString() },
  }
  const optionsOf = (changes: Readonly<Record<string, string>>) => ({
    inputs: { ...inputs, ...changes },
    env: { ...labEnvironment(lab), ...fake.env },
    secrets: [RENDER_KEY],
  })
  return {
    ...{ lost, bucket, web, worker, cron, group, fresh, inputs },
    cutOver: (changes = {}) => runAction('render-cutover', optionsOf(changes)),
    start: (changes = {}) => startAction('render-cutover', optionsOf(changes)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Which database every service uses: `fresh`, `old` or what it has instead. */
export function databasesInUse({ lost, web, worker, cron, fresh }: Shop): readonly string[] {
  return [web, worker, cron].map(({ running }) => {
    const url = running.get('DATABASE_URL') ?? ''
    if ([fresh.internalUrl, fresh.externalUrl].some(own => url.startsWith(own))) return 'fresh'
    return [lost.source.internalUrl, lost.source.externalUrl].some(own => url.startsWith(own)) ? 'old' : url
  })
}
