/**
 * `npm run demo`: backs up a small database with the committed dump-to-s3, restores it with stock tools,
 * compares, holds a drill that passes and one that must fail, and recovers a dropped table on a stand-in for
 * Render. Real servers, nothing mocked. Exits 1 where anything differs; everything it made is removed at the
 * end, also then.
 */
import process from 'node:process'
import { errorMessage } from '../src/core/errors.ts'
import { renderBytes, renderCount } from '../src/core/text/bytes.ts'
import { renderDuration } from '../src/core/text/duration.ts'
import { createBucket } from '../test/support/bucket.ts'
import { createDatabase } from '../test/support/database.ts'
import type { ActionRun } from '../test/support/runner.ts'
import { listBucket } from './demo/chapters/bucket.ts'
import { compare } from './demo/chapters/compare.ts'
import { failDrill, passDrill } from './demo/chapters/drill.ts'
import { dump } from './demo/chapters/dump.ts'
import { openLab } from './demo/chapters/lab.ts'
import { changeOneRow } from './demo/chapters/negative-control.ts'
import { recoverOnRender } from './demo/chapters/render.ts'
import { restore } from './demo/chapters/restore.ts'
import { buildSource } from './demo/chapters/source.ts'
import { createPage, type Page } from './demo/page.ts'

const page = createPage(text => process.stdout.write(text))
const started = performance.now()
try {
  const proven = await tell(page, interruption(page))
  const took = renderDuration(performance.now() - started)
  process.stdout.write(`\n${proven}\n\n${took} in all. What was made here is removed again.\n`)
} catch (error) {
  process.stderr.write(`\nThe demo failed: ${explain(error)}\n`)
  process.exitCode = 1
}

/** Every chapter, and at the end one sentence that says what was proven. */
async function tell(page: Page, signal: AbortSignal): Promise<string> {
  await using lab = await page.chapter('A Postgres 18 and an S3 store', () => openLab(page))
  const stage = { page, lab, signal }
  await using source = await page.chapter('A database like the one of logi', () => buildSource(stage))
  await using bucket = await createBucket(lab, 'logi-backups')
  const run = await page.chapter('dump-to-s3, run as the GitHub runner runs it', () =>
    dump(stage, source, bucket),
  )
  await page.chapter('What is in the bucket now', () => listBucket(stage, bucket))
  await using target = await createDatabase(lab, '', 'restored')
  await page.chapter('The archive restored, with stock tools only', () => restore(stage, bucket, run, target))
  const content = await page.chapter('Source and restored database compared', () =>
    compare(stage, bucket, run, source, target),
  )
  await page.chapter('The same comparison after one row was changed', () =>
    changeOneRow(stage, content, target),
  )
  const drill = await page.chapter(
    'verify-drill: the backup restored on a server of its own, and judged',
    () => passDrill(stage, bucket),
  )
  await page.chapter('verify-drill on a backup that is wrong on purpose', () => failDrill(stage, bucket))
  await page.chapter("A table is dropped: Render's own recovery, judged, cut over", () =>
    recoverOnRender(stage, source, bucket),
  )
  return sentence(run, drill)
}

function sentence({ outputs, durationMs }: ActionRun, drill: ActionRun): string {
  const { rows, tables, bytes } = outputs
  const seconds = renderDuration(durationMs)
  return (
    `Proven: dump-to-s3 put ${renderCount(Number(rows))} rows of ${tables} tables into ${renderBytes(Number(bytes))} of S3 in ${seconds}, ` +
    `stock pg_restore made the same database of it to the last byte of a plain dump, a drill had it back in ${drill.outputs['recovery-seconds']} s, ` +
    'and one row that was missing made the drill fail.'
  )
}

/**
 * The first interruption lets the running chapter end, so that everything can be removed; the second ends at
 * once.
 */
function interruption(page: Page): AbortSignal {
  const controller = new AbortController()
  const interrupt = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(1)
    process.stderr.write(`\n${signal}: cleaning up; once more to leave at once.\n`)
    page.stop()
    controller.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  return controller.signal
}

/** What failed first, and then what could not be removed after it. */
function explain(error: unknown): string {
  if (!(error instanceof SuppressedError)) return errorMessage(error)
  return `${explain(error.suppressed)}\nAnd in cleaning up: ${explain(error.error)}`
}
