import { type ArchiveEntry, type ChosenEntries, renderEntry } from '../backup/archive-toc.ts'
import { renderSome } from '../text/counts.ts'
import { definersOfOthers } from './definer-rights.ts'

/** Code that runs with the rights of another role, and what becomes of it. */
export function definerWarnings({ kept }: ChosenEntries, owner: string): readonly string[] {
  const ofOthers = definersOfOthers(kept, owner).map(renderEntry)
  if (ofOthers.length === 0) return []
  return [
    `SECURITY DEFINER code of other roles: ${renderSome(ofOthers)}. It gets its owner back where that role exists and ${owner} may give it; otherwise only ${owner} may run it, and PUBLIC loses EXECUTE.`,
  ]
}

/** What a full restore would have, and this one has not. */
export function leftOutWarnings({ leftOut }: ChosenEntries): readonly string[] {
  if (leftOut.length === 0) return []
  const isComment = ({ kind }: ArchiveEntry) => kind === 'COMMENT'
  // A comment can be missed best, so it comes last and may be cut off.
  const sorted = [...leftOut.filter(entry => !isComment(entry)), ...leftOut.filter(isComment)]
  const titles = renderSome(sorted.map(entry => renderEntry(entry).trim()))
  return [
    `These entries are left out, because this role may not create them, because they must not run twice, or because a partial backup need not hold what they need: ${titles}.`,
  ]
}
