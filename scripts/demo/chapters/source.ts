import { buildDemoDatabase } from '../../../test/data/logi.ts'
import { createDatabase, type TestDatabase } from '../../../test/support/database.ts'
import type { Stage } from '../stage.ts'

/** Builds the database that is to be backed up. */
export async function buildSource({ page, lab }: Stage): Promise<TestDatabase> {
  page.say(
    'Users, identity links, webhooks with jsonb, dead letters, and an audit table that refuses changes.',
  )
  return await createDatabase(lab, client => buildDemoDatabase(client), 'logi')
}
