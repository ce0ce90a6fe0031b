import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { compareVersions, isBelowSecurityFloor, renderVersion } from '../../core/pg/version.ts'
import type { Installation, InstallRequest } from './installation.ts'

/** The two ways to come by tools. */
interface Ways {
  /** What is on the machine already. */
  readonly find: () => Promise<Installation | undefined>
  /** What a package source has. */
  readonly fetch: () => Promise<Installation>
}

/**
 * What is there if it suits, else what can be fetched. A `18` that is there but below the security floor does
 * not suit at first sight: it is used when nothing newer can be had, unless the floor is strict.
 */
export async function findOrFetch(wish: InstallRequest, ways: Ways, log: Log): Promise<Installation> {
  const there = await ways.find()
  if (there !== undefined && suits(there, wish)) return there
  if (there !== undefined)
    log.info(`${renderVersion(there.version)} is below the security floor: looking for newer`)
  try {
    const fetched = await ways.fetch()
    return there !== undefined && compareVersions(there.version, fetched.version) >= 0 ? there : fetched
  } catch (error) {
    if (there === undefined || wish.securityFloor === 'fail' || !isMissing(error)) throw error
    log.info(`Nothing newer could be had: ${errorMessage(error)}`)
    return there
  }
}

function suits({ version }: Installation, wish: InstallRequest): boolean {
  return wish.version.minor !== undefined || wish.securityFloor === 'off' || !isBelowSecurityFloor(version)
}

/** A source that is silent or has nothing is no reason to do without a backup; a forged one is. */
function isMissing(error: unknown): boolean {
  const codes = ['INSTALL_UNREACHABLE', 'INSTALL_NOT_FOUND', 'UNSUPPORTED_PLATFORM']
  return error instanceof OperatorError && codes.includes(error.code)
}
