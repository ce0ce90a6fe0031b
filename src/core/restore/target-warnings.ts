import { differenceOf, renderDifference } from '../backup/database-identity.ts'
import type { Manifest } from '../backup/manifest.ts'
import { printIdentifier } from '../pg/quote.ts'
import { renderSome } from '../text/counts.ts'
import type { TargetFacts } from './target-facts.ts'
import type { TargetRequirements } from './target-requirements.ts'

/** What need not stop a restore, but may: as sentences. */
export function targetWarnings(
  { server, fingerprint }: Manifest,
  facts: TargetFacts,
  { mode }: TargetRequirements,
): readonly string[] {
  const warnings: string[] = []
  if (differenceOf(server, facts) !== undefined)
    warnings.push(`This backup is ${renderDifference(server, facts)}.`)
  if (mode !== 'new-database' && facts.slots.length > 0)
    warnings.push(
      `Replication slots read ${facts.database}: ${renderSome(facts.slots)}. ${mode === 'swap' ? 'They stay with the old data, under its new name.' : 'Who reads them gets the emptying and filling as changes.'}`,
    )
  const mayFail = server.extensions.filter(({ name }) => {
    const offered = facts.extensions.find(extension => extension.name === name)
    const isThere = mode === 'overwrite' && offered?.isInstalled === true
    return offered !== undefined && !offered.isTrusted && !facts.isSuperuser && !isThere && name !== 'plpgsql'
  })
  if (mayFail.length > 0)
    warnings.push(
      `Only a superuser, or a provider's arrangement, can create ${mayFail.map(({ name }) => name).join(', ')}: if the restore fails there, ask the provider.`,
    )
  if (fingerprint.level === 'none')
    warnings.push('The manifest counted no rows, so nothing can prove that all of them come back.')
  if (facts.leftovers.length > 0)
    warnings.push(
      `An earlier restore was killed and left a database behind. Unless another restore is running: ${facts.leftovers.map(name => `DROP DATABASE ${printIdentifier(name)};`).join(' ')}`,
    )
  return warnings
}
