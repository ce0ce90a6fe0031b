import { createHash } from 'node:crypto'
import { canonicalJson } from '../json/canonical.ts'
import type { RestoreMode } from './restore-record.ts'
import type { RestoreScope } from './restore-scope.ts'
import type { TargetFacts } from './target-facts.ts'

/** Everything that an approval is about: what is restored, from where, and what it replaces. */
export interface ApprovedPlan {
  readonly address: { readonly host: string; readonly port: number }
  readonly target: Pick<TargetFacts, 'database' | 'systemIdentifier' | 'owner'>
  /** SHA-256 of the bytes of the manifest, as the store gave them. */
  readonly manifestSha256: string
  readonly archiveSha256: string
  readonly mode: RestoreMode
  readonly scope: RestoreScope
}

/**
 * One value for a plan, 64 hex digits. A restore that is given it refuses any other server, database, owner,
 * manifest, archive, mode or selection. Every byte of the manifest counts, also of what this version does not
 * read.
 */
export function planDigest(plan: ApprovedPlan): string {
  const { address, target, manifestSha256, archiveSha256, mode, scope } = plan
  const { host, port } = address
  const { database, systemIdentifier, owner } = target
  return sha256(
    canonicalJson({
      target: { host, port, database, systemIdentifier, owner },
      manifest: manifestSha256,
      archive: archiveSha256,
      mode,
      scope,
    }),
  )
}

/** Parses what planDigest gives. Throws a RangeError. */
export function parsePlanDigest(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new RangeError('expected 64 hex digits, the output plan-digest of a dry run')
  return text
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
