import { renderBytes } from '../../../src/core/text/bytes.ts'
import type { TestBucket } from '../../../test/support/bucket.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { dumpOptions } from '../../../test/support/dump.ts'
import { type ActionRun, runAction } from '../../../test/support/runner.ts'
import { renderForTerminal } from '../markdown.ts'
import type { Stage } from '../stage.ts'

const INPUTS = { database: 'logi', kind: 'daily' }

/**
 * Runs what is committed in dist/ as the GitHub runner would, main and post, and shows what GitHub would
 * show.
 */
export async function dump(
  { page, lab, signal }: Stage,
  source: TestDatabase,
  bucket: TestBucket,
): Promise<ActionRun> {
  const options = dumpOptions(lab, source, bucket, { inputs: INPUTS, secrets: [source.url] })
  page.say(renderStep(bucket))
  page.say('\nThe log of the step:\n')
  const run = await runAction('dump-to-s3', { ...options, signal })
  page.say(withoutMarks(run.log))
  if (run.exitCode !== 0) throw new Error('dump-to-s3 failed; its log above says why')
  const post = await runAction('dump-to-s3', { ...options, phase: 'post', after: run })
  if (post.exitCode !== 0 || post.log !== '')
    throw new Error(`The post phase ended with ${post.exitCode} and said: ${post.log || 'nothing'}`)
  page.say('\nThe summary of the job:\n')
  page.say(renderForTerminal(run.summary))
  page.say(`The action needed ${renderBytes(run.peakRssBytes)} of memory, pg_dump aside.`)
  return run
}

/** The step as a workflow would have it. */
function renderStep(bucket: TestBucket): string {
  const lines = {
    'database-url': `\${{ secrets.LOGI_PG_URL }}`,
    destination: `s3://${bucket.name}/backups`,
    ...INPUTS,
  }
  const inputs = Object.entries(lines).map(([name, value]) => `    ${name}: ${value}`)
  return ['- uses: OWNER/REPO/actions/dump-to-s3@<sha>', '  with:', ...inputs].join('\n')
}

/** GitHub turns these marks into folds and colours. */
function withoutMarks(log: string): string {
  return log
    .replace(/^##\[endgroup\]\n?/gm, '')
    .replace(/^##\[group\]/gm, '')
    .replace(/^##\[(\w+)\]/gm, '$1: ')
}
