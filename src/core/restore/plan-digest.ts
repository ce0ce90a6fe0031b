import { createHash } from 'node:crypto'
import { type Manifest, renderManifest } from '../backup/manifest.ts'
import { canonicalJson } from '../json/canonical.ts'
import type { RestoreMode } from './restore-record.ts'
import type { RestoreScope } from './restore-scope.ts'
import type { TargetFacts } from './target-facts.ts'

/** Everything that an approval is about: what is restored, from where, and what it replaces. */
export interface ApprovedPlan {
  readonly address: { readonly host: string; readonly port: number }
  readonly target: Pick<TargetFacts, 'database' | 'systemIdentifier' | 'owner'>
  readonly manifest: Manifest
  readonly mode: RestoreMode
  readonly scope: RestoreScope
}

/**
 * One value for a plan, 64 hex digits. A restore that is given it refuses any other server, database, owner,
 * manifest, archive, mode or selection. Every value of the manifest counts, the archive's SHA-256 among them.
 */
export function planDigest({ address, target, manifest, mode, scope }: ApprovedPlan): string {
  const { host, port } = address
  const { database, systemIdentifier, owner } = target
  return sha256(
    canonicalJson({
      target: { host, port, database, systemIdentifier, owner },
      manifest: sha256(renderManifest(manifest)),
      archive: manifest.object.sha256,
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
