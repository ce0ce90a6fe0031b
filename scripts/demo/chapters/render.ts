import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestBucket } from '../../../test/support/bucket.ts'
import { type TestDatabase, withClient } from '../../../test/support/database.ts'
import { labEnvironment } from '../../../test/support/dump.ts'
import { FakeRender, RENDER_KEY } from '../../../test/support/render/fake-render.ts'
import { type ActionRun, runAction } from '../../../test/support/runner.ts'
import { renderForTerminal } from '../markdown.ts'
import type { Stage } from '../stage.ts'

const DAMAGE = 'DROP TABLE logi_identity_links'
const HALF_HOUR_MS = 1_800_000
const CRITERIA = `checks:
  - { name: users, table: users, tolerance: 5% }
  - { name: links, table: logi_identity_links, tolerance: 5% }
`

/**
 * The whole of runbook §4.1, against a stand-in for Render whose instances are real databases: a table is
 * dropped, recovered to a new instance, judged, and the service moved to it. Throws unless the service
 * answers from there.
 */
export async function recoverOnRender(stage: Stage, source: TestDatabase, bucket: TestBucket): Promise<void> {
  const { page, lab } = stage
  await using fake = await FakeRender.start(lab)
  const old = await fake.addInstance(source.name)
  await fake.copies.keep(old, new Date(Date.now() - HALF_HOUR_MS))
  const web = await fake.addService({
    ...{ name: 'logi-server', type: 'web_service' },
    variables: { DATABASE_URL: old.internalUrl },
  })
  page.say(
    `Render here is a stand-in with the recorded API; its instances are real databases.\n\n$ ${DAMAGE}\n`,
  )
  await source.query(DAMAGE)
  const destination = `s3://${bucket.name}/backups`
  const run = async (action: string, inputs: Readonly<Record<string, string>>): Promise<ActionRun> => {
    const env = { ...labEnvironment(lab), ...fake.env }
    const ended = await runAction(action, {
      inputs: { database: 'logi', ...inputs },
      env,
      signal: stage.signal,
    })
    if (ended.exitCode !== 0) throw new Error(`${action} failed:\n${ended.log}`)
    page.say(renderForTerminal(ended.summary))
    return ended
  }
  const render = { 'api-key': RENDER_KEY, 'instance-id': old.id }
  const recovery = await run('render-recover', { ...render, 'runner-address': '127.0.0.1' })
  const criteria = mkdtempSync(join(tmpdir(), 'pg-runbook-demo-'))
  const file = join(criteria, 'criteria.yml')
  writeFileSync(file, CRITERIA)
  const restored = { 'restored-url': recovery.env.RESTORED_DATABASE_URL ?? '', criteria: file, destination }
  const drill = await run('verify-drill', restored).finally(() => rmSync(criteria, { recursive: true }))
  await run('render-cutover', {
    ...{ ...render, 'new-instance-id': recovery.outputs['new-instance-id'] ?? '', 'service-ids': web.id },
    ...{
      'drill-uri': drill.outputs['drill-uri'] ?? '',
      'recovered-to': recovery.outputs['recovered-to'] ?? '',
    },
    ...{ destination, confirm: old.name, 'health-url': web.publicUrl, 'health-probes': '2' },
  })
  const { status } = await fetch(web.publicUrl)
  const links = await withClient(web.running.get('DATABASE_URL') ?? '', async client =>
    client.query('SELECT count(*)::int AS n FROM logi_identity_links'),
  )
  if (status !== 200 || old.suspended !== 'suspended')
    throw new Error(`/up answers ${status}, the old one is ${old.suspended}`)
  page.say(
    `/up answers ${status} from the new instance, with ${links.rows[0]?.n} links; the old one is suspended.`,
  )
}
