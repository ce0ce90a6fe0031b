import type { TestDatabase } from '../../../test/support/database.ts'
import { findDifferences } from '../compare.ts'
import { type Content, readContent } from '../content.ts'
import type { Stage } from '../stage.ts'

const CHANGE = "UPDATE users SET locale = 'xx' WHERE id = 4711"

/** Changes one row in the restored database: a comparison that does not notice proves nothing. */
export async function changeOneRow(
  { page, lab }: Stage,
  source: Content,
  target: TestDatabase,
): Promise<void> {
  page.say(`$ psql "$TARGET_URL" -c "${CHANGE}"\n`)
  await target.query(CHANGE)
  const differences = findDifferences(source, await readContent(lab, target.name))
  page.say(differences.map(difference => `Noticed: ${difference}`).join('\n'))
  const [first = '', ...more] = differences
  if (!first.startsWith('public.users:') || more.length > 0)
    throw new Error(
      `One row of users was changed, and the comparison found: ${differences.join('; ') || 'nothing'}`,
    )
}
