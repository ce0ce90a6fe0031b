import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const WIDTH = 1032

const CMARK = ['--unsafe', ...['table', 'autolink', 'tagfilter'].flatMap(name => ['--extension', name])]
const CHROMIUM = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--disable-lcd-text']

/**
 * Draws a job summary into a PNG, as high as it is: GitHub's own Markdown parser, and a style sheet that
 * resembles GitHub's.
 */
export async function drawSummary(markdown: string, file: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-pictures-'))
  try {
    const page = join(directory, 'summary.html')
    writeFileSync(page, toPage(markdown))
    const browser = (...args: readonly string[]) =>
      execFileSync('chromium', [...CHROMIUM, `--user-data-dir=${directory}/profile`, ...args, page], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    const height = /data-height="(\d+)"/.exec(browser(`--window-size=${WIDTH},600`, '--dump-dom'))?.[1]
    browser(`--window-size=${WIDTH},${height}`, `--screenshot=${resolve(file)}`)
    execFileSync('pngquant', ['--force', '--output', file, '256', file])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function toPage(markdown: string): string {
  const body = execFileSync('cmark-gfm', CMARK, { input: markdown, encoding: 'utf8' })
  const style = readFileSync('docs/images/summary.css', 'utf8')
  return [
    '<!doctype html><meta charset="utf-8">',
    `<style>${style}</style>`,
    `<div class="markdown-body">${body}</div>`,
    // The box has a margin below that its own height does not count.
    '<script>document.documentElement.dataset.height = Math.ceil(document.querySelector("div").getBoundingClientRect().bottom) + 16</script>',
  ].join('\n')
}
