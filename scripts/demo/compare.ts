import type { TableFingerprint } from '../../src/core/backup/manifest.ts'
import { renderCount } from '../../src/core/text/bytes.ts'
import type { Content } from './content.ts'

/** What is not the same in two databases, one sentence each; empty when they are equal. */
export function findDifferences(source: Content, restored: Content): readonly string[] {
  const names = [...new Set([...source.tables.keys(), ...restored.tables.keys()])]
  const named = names.flatMap(name => {
    const [before, after] = [source.tables.get(name), restored.tables.get(name)]
    if (before === undefined || after === undefined)
      return [`${name}: only in the ${before === undefined ? 'restored database' : 'source'}`]
    if (before.rows !== after.rows)
      return [`${name}: ${renderCount(before.rows)} rows in the source, ${renderCount(after.rows)} restored`]
    return before.sha256 === after.sha256 ? [] : [`${name}: as many rows, but not the same`]
  })
  if (source.structure !== restored.structure)
    named.push('the structure: types, indexes, constraints and such')
  return named.length === 0 && source.sha256 !== restored.sha256 ? ['the order of the plain dumps'] : named
}

/** Where the manifest does not tell the number of rows that a table has. */
export function findUntruths(tables: readonly TableFingerprint[], source: Content): readonly string[] {
  const told = new Map(tables.map(({ schema, name, rows }) => [`${schema}.${name}`, rows]))
  const names = new Set([...told.keys(), ...source.tables.keys()])
  return [...names].flatMap(name => {
    const [says, has] = [told.get(name), source.tables.get(name)?.rows]
    return says === has ? [] : [`${name}: the manifest says ${says ?? 'nothing'}, there are ${has ?? 'none'}`]
  })
}
