/** A step or job of this repository in an example: `uses: OWNER/REPO/actions/dump-to-s3@<sha>`. */
const PINNED = /(\buses: OWNER\/REPO\/[\w./-]+@(?:<sha>|0{40}))(?: # v[\w.-]+)?/g

/**
 * Examples with the version that they ship with behind each commit, where Dependabot and Renovate look for
 * it.
 */
export function renderSnippets(text: string, version: string): string {
  return text.replace(PINNED, (_, uses) => `${uses} # v${version}`)
}
