import { expect, it, test } from 'vitest'
import { releaseProblems, renderReleaseNotes } from '../../scripts/release.ts'

const CHANGELOG =
  '# Changelog\n\n## Unreleased\n\n- Next.\n\n## 1.2.3 (2026-12-01)\n\n- One.\n- Two.\n\n## 1.2.2\n\n- Old.\n'
const RELEASE = { tag: 'v1.2.3', version: '1.2.3', changelog: CHANGELOG }

it('releaseProblems accepts a tag that matches package.json and CHANGELOG.md', () => {
  expect(releaseProblems(RELEASE)).toEqual([])
})

test.each([
  ['of another version', { tag: 'v1.2.4' }, ['Tag v1.2.4 does not match package.json, which has 1.2.3.']],
  ['that is no version', { tag: 'v1' }, ['Tag v1 is not a version.', 'Tag v1 does not match']],
  ['without entries', { tag: 'v1.3.0', version: '1.3.0' }, ['CHANGELOG.md has no entries for 1.3.0.']],
  [
    'whose version only begins alike',
    { tag: 'v1.2', version: '1.2' },
    ['Tag v1.2 is not', 'CHANGELOG.md has no'],
  ],
])('releaseProblems refuses a tag %s', (_, changed, expected) => {
  const problems = releaseProblems({ ...RELEASE, ...changed })
  expect(problems).toEqual(expected.map(text => expect.stringContaining(text)))
})

it('renderReleaseNotes has the changes of this version only, and pins by commit', () => {
  const notes = renderReleaseNotes(RELEASE, 'example/pg-runbook', 'a'.repeat(40))
  expect(notes).toMatch(/^- One\.\n- Two\.\n\n## Pin/)
  expect(notes).not.toContain('Old')
  expect(notes).toContain(
    `uses: example/pg-runbook/.github/workflows/backup.yml@${'a'.repeat(40)} # v1.2.3\n`,
  )
})
