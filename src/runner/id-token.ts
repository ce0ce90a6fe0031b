import * as core from '@actions/core'
import { errorMessage, OperatorError } from '../core/errors.ts'

/** Whether this job may ask GitHub to vouch for it: `permissions: id-token: write`. */
export function mayAskForIdToken(variables: Readonly<Record<string, string | undefined>>): boolean {
  return Boolean(variables.ACTIONS_ID_TOKEN_REQUEST_URL && variables.ACTIONS_ID_TOKEN_REQUEST_TOKEN)
}

/**
 * A token of GitHub's that says which workflow this is, for that audience; it is masked, and good for some
 * minutes.
 */
export async function requestIdToken(audience: string): Promise<string> {
  try {
    return await core.getIDToken(audience)
  } catch (error) {
    throw new OperatorError(
      'STORE_DENIED',
      `GitHub gave no token to assume the role with: ${errorMessage(error)}`,
      { hint: 'Run it again; if it happens twice, look at https://www.githubstatus.com.', cause: error },
    )
  }
}
