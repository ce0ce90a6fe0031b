import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const WIDTH = 1032

const CMARK = ['--unsafe', ...['table', 'autolink', 'tagfilter'].flatMap(name => ['--extension', name])]
const CHROMIUM = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--disable-lcd-text']

/** The colours of GitHub's two themes; README.md shows the one that the reader has. */
const THEMES = ['light', 'dark'] as const
type Theme = (typeof THEMES)[number]

/**
 * Draws a job summary as `<name>.png` and `<name>-dark.png`, as high as it is: GitHub's own Markdown parser,
 * and a style sheet that resembles GitHub's.
 */
export function drawSummary(markdown: string, folder: string, name: string): void {
  for (const theme of THEMES)
    drawPage(
      toPage(markdown, theme),
      join(folder, theme === 'light' ? `${name}.png` : `${name}-${theme}.png`),
    )
}

function drawPage(html: string, file: string): void {
  const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-pictures-'))
  try {
    const page = join(directory, 'summary.html')
    writeFileSync(page, html)
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

function toPage(markdown: string, theme: Theme): string {
  const body = execFileSync('cmark-gfm', CMARK, { input: markdown, encoding: 'utf8' })
  const style = readFileSync('docs/images/summary.css', 'utf8')
  return [
    '<!doctype html><meta charset="utf-8">',
    `<style>${style}</style>`,
    `<html class="${theme}"><div class="markdown-body">${body}</div>`,
    // The box has a margin below that its own height does not count.
    '<script>document.documentElement.dataset.height = Math.ceil(document.querySelector("div").getBoundingClientRect().bottom) + 16</script>',
  ].join('\n')
}
