import type { TestBucket } from '../../../test/support/bucket.ts'
import { labEnvironment } from '../../../test/support/dump.ts'
import { type ActionRun, runAction } from '../../../test/support/runner.ts'
import { readBackup, tamper } from '../../../test/support/tamper.ts'
import { renderForTerminal } from '../markdown.ts'
import type { Stage } from '../stage.ts'

/**
 * Holds a drill of the backup, on a server that the action makes for it, and shows the summary. Throws unless
 * it passes.
 */
export async function passDrill(stage: Stage, bucket: TestBucket): Promise<ActionRun> {
  const run = await drill(stage, bucket)
  stage.page.say(renderForTerminal(run.summary))
  if (run.outputs.verdict !== 'pass')
    throw new Error(`The drill ended with ${run.outputs.verdict}:\n${run.log}`)
  return run
}

const CHANGE = 'DELETE FROM logi_event_dlqs WHERE id = (SELECT max(id) FROM logi_event_dlqs)'

/**
 * Makes the backup wrong on purpose, in a way that no checksum can find: one row less, in an archive that its
 * manifest describes to the byte. A drill that passes this one would prove nothing. Throws unless it fails,
 * and names the table.
 */
export async function failDrill(stage: Stage, bucket: TestBucket): Promise<void> {
  const { page, lab } = stage
  page.say(
    `The archive is restored, changed, dumped again and put back with a manifest that fits:\n\n$ ${CHANGE}\n`,
  )
  await tamper(lab, bucket, await readBackup(bucket), CHANGE)
  const run = await drill(stage, bucket)
  for (const { title, message } of run.annotations.filter(({ level }) => level === 'error'))
    page.say(`${title}\n${message}`)
  const named = run.outputs['failed-checks'] ?? ''
  if (run.outputs.verdict !== 'fail' || run.exitCode !== 1 || !named.includes('logi_event_dlqs'))
    throw new Error(
      `One row is missing, and the drill ended with ${run.outputs.verdict}, naming: ${named || 'nothing'}`,
    )
}

async function drill({ lab, signal }: Stage, bucket: TestBucket): Promise<ActionRun> {
  const inputs = { destination: `s3://${bucket.name}/backups`, database: 'logi' }
  return await runAction('verify-drill', { inputs, env: labEnvironment(lab), signal })
}
