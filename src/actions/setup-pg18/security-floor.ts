import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { isBelowSecurityFloor, renderVersion, SECURITY_FLOOR } from '../../core/pg/version.ts'
import type { Installation, SecurityFloorPolicy } from '../../postgres/install/installation.ts'

/**
 * Warns or throws when the tools have a known hole that matters for restoring archives.
 */
export function checkSecurityFloor(found: Installation, policy: SecurityFloorPolicy, log: Log): void {
  if (policy === 'off' || !isBelowSecurityFloor(found.version)) return
  const floor = renderVersion(SECURITY_FLOOR)
  const message =
    `PostgreSQL ${renderVersion(found.version)} from ${found.origin} is below the security floor ${floor}: ` +
    'a crafted archive can make its pg_restore run code (CVE-2026-116314)'
  const hint = `Use a source that carries ${floor} or newer; security-floor: off silences this.`
  if (policy === 'fail') throw new OperatorError('TOOL_TOO_OLD', message, { hint })
  log.warning(`${message}. ${hint}`)
}
