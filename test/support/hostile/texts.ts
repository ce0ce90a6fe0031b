/** In every text below, so that what got through can be found. */
export const MARK = 'FORGED'

/**
 * What a user with write access can call a table, put into a row, or make the server say. Each
 * of them commands the runner, forges an annotation, or changes a page or a terminal where it is passed on as
 * it is.
 */
export const HOSTILE_TEXTS: readonly string[] = [
  `::set-output name=forged::${MARK}`,
  `::save-state name=forged::${MARK}`,
  `::add-mask::${MARK}`,
  `::stop-commands::${MARK}`,
  `::error title=${MARK}::${MARK}`,
  `  ::warning::${MARK}`,
  `::notice::${MARK}`,
  `::group::${MARK}`,
  `::add-matcher::/tmp/${MARK}`,
  `##[add-mask]${MARK}`,
  `a ##[error]${MARK}`,
  `a ##[set-output name=forged]${MARK}`,
  `##[stop-commands]${MARK}`,
  `a\n::error::${MARK}`,
  `a\r::error::${MARK}`,
  `a\r\n##[error]${MARK}`,
  `a\u2028::error::${MARK}`,
  `a\u0085::error::${MARK}`,
  `\u200b::error::${MARK}`,
  `:\u00ad:error::${MARK}`,
  `#\u200d#[error]${MARK}`,
  `%0A::error::${MARK}`,
  `\u001b[2J\u001b[31m${MARK}`,
  `\u001b]8;;https://evil.example\u0007${MARK}`,
  `\u202e${MARK}\u2066`,
  `\b\b\b${MARK}\u007f`,
  `<img src=https://evil.example/x onerror=alert(1)>${MARK}`,
  `</code></summary></details><h1>${MARK}`,
  `<!-- ${MARK}`,
  `x | ${MARK} | y`,
  `a\n| ${MARK} | b |\n|---|---|`,
  `![${MARK}](https://evil.example/x.png)`,
  `[${MARK}](https://evil.example)`,
  `https://evil.example/${MARK}`,
  `@octocat ${MARK}`,
  `a\n# ${MARK}`,
  `a\n\`\`\`\n## ${MARK}`,
  `\`\`\`\`${MARK}`,
  `a\n~~~\n${MARK}`,
  `**${MARK}** _${MARK}_`,
  `$\\color{red}{${MARK}}$`,
  `\${{ secrets.${MARK} }}`,
]

/** As one text of many lines: for messages, which have no limit of 63 bytes. */
export const HOSTILE_MESSAGE = HOSTILE_TEXTS.join('\n')
