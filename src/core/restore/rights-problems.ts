import { printIdentifier } from '../pg/quote.ts'
import { renderSome } from '../text/counts.ts'
import type { TargetFacts } from './target-facts.ts'
import type { TargetProblem, TargetRequirements } from './target-requirements.ts'

/** A restore must not give any role more rights than the original did, and must not lose passwords. */
export function rightsProblems(
  facts: TargetFacts,
  { mode, owner, archive }: TargetRequirements,
): readonly TargetProblem[] {
  const problems: TargetProblem[] = []
  if (facts.isSuperuser && owner === undefined && archive.ofOthers.length > 0)
    problems.push({
      message: `the superuser ${facts.user} would own what belongs to other roles in the backup, so that their code would run with its rights: ${renderSome(archive.ofOthers)}`,
      hint: adviseOnOwner(facts),
    })
  if (mode === 'overwrite' && facts.hiddenUserMappings.length > 0)
    problems.push({
      message: `overwriting drops user mappings whose passwords ${facts.user} may not read, so that no backup holds them: ${renderSome(facts.hiddenUserMappings.map(({ user, server }) => `${user} on ${server}`))}`,
      hint: `Use mode new-database or swap, and create them in the restored database. To lose them: ${facts.hiddenUserMappings.map(dropMapping).join(' ')}`,
    })
  return problems
}

function adviseOnOwner({ user, owner, database }: TargetFacts): string {
  return owner === user
    ? `Set owner-role to the role that is to own the restored objects, such as that of the application. To let ${user} own them: owner-role: ${user}.`
    : `Connect as ${owner}, the owner of ${database}, or set owner-role: ${owner}.`
}

function dropMapping({ user, server }: TargetFacts['hiddenUserMappings'][number]): string {
  return `DROP USER MAPPING FOR ${user === 'PUBLIC' ? user : printIdentifier(user)} SERVER ${printIdentifier(server)};`
}
