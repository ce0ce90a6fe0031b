/**
 * Parses a file of GITHUB_OUTPUT, GITHUB_ENV or GITHUB_STATE by the runner's own rules: `name=value`, or
 * `name<<DELIMITER`, lines, `DELIMITER`. Throws where the runner would fail the step.
 * Source: actions/runner src/Runner.Worker/FileCommandManager.cs.
 */
export function parseFileCommands(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/)
  const values: Record<string, string> = {}
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (line === '') continue
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      values[named(line, equals)] = line.slice(equals + 1)
      continue
    }
    if (heredoc < 0) throw new Error(`Invalid format '${line}'`)
    const delimiter = line.slice(heredoc + 2)
    const end = delimiter === '' ? -1 : lines.indexOf(delimiter, at + 1)
    if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`)
    values[named(line, heredoc)] = lines.slice(at + 1, end).join('\n')
    at = end
  }
  return values
}

function named(line: string, end: number): string {
  const name = line.slice(0, end)
  if (name === '') throw new Error(`Invalid format '${line}'. Name must not be empty`)
  return name
}
