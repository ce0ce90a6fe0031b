import { describe, renderTable } from './table.ts'

/** docs/errors.md. Throws where a code has no description. */
export function renderErrors(codes: Readonly<Record<string, string>>): string {
  const rows = Object.entries(codes).map(([name, meaning]) => [
    `\`${name}\``,
    describe('src/core/errors.ts', name, { description: meaning }),
  ])
  return [
    '# Error codes',
    '',
    'Generated from `src/core/errors.ts` by `npm run docs`; do not edit.',
    '',
    'A step that fails writes one annotation, titled `action: CODE`. Its text says what failed, with the value, and what',
    'to do next. The lines `caused by …` in the log hold the original error. A code never changes its meaning.',
    '',
    renderTable(['Code', 'What it means'], rows),
    '',
  ].join('\n')
}
