/** PostgreSQL keeps names in 63 bytes (NAMEDATALEN). */
const LONGEST_NAME = 63
const LABEL = '_not_null'

/**
 * The name that PostgreSQL 18 gives the NOT NULL of a column that has none: `users_email_not_null`, the
 * longer part cut first. Source: makeObjectName in indexcmds.c, called by ChooseConstraintName.
 */
export function notNullName(table: string, column: string): string {
  const room = LONGEST_NAME - LABEL.length - 1
  let [first, second] = [byteLength(table), byteLength(column)]
  while (first + second > room) {
    if (first > second) first -= 1
    else second -= 1
  }
  return `${clip(table, first)}_${clip(column, second)}${LABEL}`
}

function byteLength(text: string): number {
  return encodeURIComponent(text).replace(/%../g, 'x').length
}

/** As many whole characters as fit. */
function clip(text: string, bytes: number): string {
  let [result, used] = ['', 0]
  for (const character of text) {
    used += byteLength(character)
    if (used > bytes) break
    result += character
  }
  return result
}
