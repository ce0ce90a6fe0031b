import type { ArchiveEntry } from '../backup/archive-toc.ts'
import { renderAmount, renderSome } from '../text/counts.ts'
import type { RestoreMode } from './restore-record.ts'
import type { RestoreScope } from './restore-scope.ts'
import type { TargetFacts } from './target-facts.ts'

/** What decides who has which rights after a restore. */
export interface RightsRequest {
  readonly mode: RestoreMode
  readonly scope: RestoreScope
  /** The role that is to own what is restored; undefined is the role that connects. */
  readonly owner: string | undefined
  readonly restoresGrants: boolean
  readonly entries: readonly ArchiveEntry[]
}

type Facts = Pick<TargetFacts, 'user' | 'owner' | 'database' | 'connectors'>

/** What a restore changes about owners, grants and the right to connect: a sentence for each. */
export function rightsAfter(facts: Facts, request: RightsRequest): readonly string[] {
  const { mode, scope } = request
  if (scope.of === 'rows' && mode === 'overwrite')
    return [
      `Owners, grants and the right to connect stay as they are: only rows are replaced. ${mayConnect(facts)}`,
    ]
  return [ownersAfter(facts, request), grantsAfter(request), connectAfter(facts, request)]
}

function ownersAfter({ user }: Facts, { owner = user, entries }: RightsRequest): string {
  const others = [...new Set(entries.map(entry => entry.owner))].filter(role => role !== '' && role !== owner)
  if (others.length === 0) return `Everything belongs to ${owner}, as in the backup.`
  return `Everything belongs to ${owner}. In the backup, objects also belong to ${renderSome(others.sort())}.`
}

function grantsAfter({ entries, restoresGrants }: RightsRequest): string {
  const grants = entries.filter(({ kind }) => kind === 'ACL' || kind === 'DEFAULT ACL').length
  if (grants === 0) return 'The backup has no grants: each object has the rights of a new one.'
  const count = renderAmount(grants, 'entry with grants', 'entries with grants')
  return restoresGrants
    ? `Grants are those of the backup: ${count}.`
    : `Grants are not restored: ${count} in the backup. For those, set restore-grants: true.`
}

function connectAfter(facts: Facts, { mode }: RightsRequest): string {
  const { database } = facts
  if (mode === 'overwrite') return `The right to connect to ${database} stays as it is. ${mayConnect(facts)}`
  const until = mode === 'swap' ? 'it has the name of the old one' : 'it is verified'
  return `Only the owner may connect to the new database until ${until}; then the same roles as to ${database} today. ${mayConnect(facts)}`
}

function mayConnect({ owner, connectors }: Facts): string {
  const others = connectors.filter(role => role !== owner)
  const also = others.includes('PUBLIC') ? 'every role (PUBLIC)' : renderSome(others)
  return `May connect: ${owner}${also === '' ? '' : `, ${also}`}, and superusers.`
}
