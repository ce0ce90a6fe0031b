import * as core from '@actions/core'
import { scrubJson, scrubText } from '../core/json/scrub.ts'
import { spellings } from '../core/secret.ts'

/** Variables that hold a secret of the job. GitHub masks them in the log, but not in what we store. */
const SECRET_VARIABLES = [
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'GITHUB_TOKEN',
  'GH_TOKEN',
  'PGPASSWORD',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'ACTIONS_RUNTIME_TOKEN',
]

const masked = new Set<string>()
const known = new Set<string>()

/** Registers a secret in all its spellings, so that the runner replaces each by ***. */
export function maskSecret(value: string): void {
  for (const spelling of spellings(value)) {
    masked.add(spelling)
    known.add(spelling)
    core.setSecret(spelling)
  }
}

/** Registers the secrets of the job's environment for what we log, summarise and store. */
export function registerSecretVariables(variables: Readonly<Record<string, string | undefined>>): void {
  for (const name of SECRET_VARIABLES)
    for (const spelling of spellings(variables[name] ?? '')) known.add(spelling)
}

/** Whether a text holds a masked secret: GitHub drops such an output. */
export function holdsSecret(text: string): boolean {
  return [...masked].some(spelling => text.includes(spelling))
}

/** A text for the log or the summary, without any registered secret. */
export function withoutSecrets(text: string): string {
  return scrubText(text, known)
}

/** A JSON document for the bucket, without any registered secret; `publicName` is its bucket and key. */
export function jsonWithoutSecrets(json: string, publicName: string): string {
  return scrubJson(json, known, publicName)
}
