/**
 * `node scripts/release.ts check v1.2.3`: may this tag be released? `… notes v1.2.3`: the text of its
 * release, to standard output. Called by .github/workflows/release.yml.
 */
import { readFileSync } from 'node:fs'
import process from 'node:process'

interface Release {
  /** `v1.2.3` or `v1.2.3-rc.1`. */
  readonly tag: string
  /** The version in package.json. */
  readonly version: string
  readonly changelog: string
}

/** Why a tag cannot be released; empty when it can. */
export function releaseProblems({ tag, version, changelog }: Release): readonly string[] {
  const problems: string[] = []
  if (!/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(tag))
    problems.push(`Tag ${tag} is not a version. Expected v1.2.3 or v1.2.3-rc.1.`)
  if (tag !== `v${version}`)
    problems.push(
      `Tag ${tag} does not match package.json, which has ${version}. Set the version and tag again.`,
    )
  if (changesOf(changelog, version) === '')
    problems.push(`CHANGELOG.md has no entries for ${version}. Rename the section Unreleased to ${version}.`)
  return problems
}

/** The release notes: what changed, and the lines to pin this release by commit. */
export function renderReleaseNotes(release: Release, repository: string, commit: string): string {
  const pinned = (path: string) => `uses: ${repository}/${path}@${commit} # ${release.tag}`
  return [
    changesOf(release.changelog, release.version),
    '',
    '## Pin this release',
    '',
    '```yaml',
    ...['backup', 'drill', 'migration-gate', 'restore'].map(name => pinned(`.github/workflows/${name}.yml`)),
    pinned('actions/<name>'),
    '```',
    '',
    `Verify it: \`gh attestation verify dist/index.js --repo ${repository}\` in a checkout of ${release.tag}.`,
    '',
  ].join('\n')
}

/** The entries of one version; empty where it has none. */
function changesOf(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1)
  const section = sections.find(text => text.split(/\s/, 1)[0] === version)
  return section?.slice(section.indexOf('\n')).trim() ?? ''
}

function main(): void {
  const [task, tag = ''] = process.argv.slice(2)
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  const release = { tag, version, changelog: readFileSync('CHANGELOG.md', 'utf8') }
  if (task === 'notes') {
    const { GITHUB_REPOSITORY = 'OWNER/REPO', GITHUB_SHA = '<sha>' } = process.env
    process.stdout.write(renderReleaseNotes(release, GITHUB_REPOSITORY, GITHUB_SHA))
    return
  }
  const problems = releaseProblems(release)
  for (const problem of problems) console.log(`::error title=release::${problem}`)
  if (problems.length > 0) process.exitCode = 1
}

if (import.meta.main) main()
