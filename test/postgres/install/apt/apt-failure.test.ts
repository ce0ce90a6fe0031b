import { describe, expect, test } from 'vitest'
import { aptFailure } from '../../../../src/postgres/install/apt/apt-failure.ts'

/**
 * As apt 2.6, dpkg-deb and tar wrote it. What apt says in each case for real is tested in setup-pg18's
 * scenarios.
 */
const SAID = [
  {
    stderr:
      'tar: ./usr/lib/x86_64-linux-gnu/libicudata.so.78.3: Cannot write: No space left on device\ntar: Exiting with failure status due to previous errors',
    code: 'DISK_FULL',
    quoted: 'Cannot write: No space left on device',
  },
  {
    stderr: "E: You don't have enough free space in /x/cache/archives/.",
    code: 'DISK_FULL',
    quoted: 'enough free space in /x/cache/archives/',
  },
  {
    stderr:
      'E: Release file for http://m/dists/forky/InRelease is expired (invalid since 16d 16h 44min 41s). Updates for this repository will not be applied.',
    code: 'INSTALL_UNTRUSTED',
    quoted: 'is expired (invalid since 16d',
  },
  {
    stderr:
      "W: GPG error: http://m forky InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 648ACFD622F3D138\nE: The repository 'http://m forky InRelease' is not signed.",
    code: 'INSTALL_UNTRUSTED',
    quoted: 'NO_PUBKEY 648ACFD622F3D138',
  },
  {
    stderr:
      "W: Failed to fetch https://m/dists/x/InRelease  Temporary failure resolving 'm'\nE: Some index files failed to download. They have been ignored, or old ones used instead.",
    code: 'INSTALL_UNREACHABLE',
    quoted: "Temporary failure resolving 'm'",
  },
  {
    stderr:
      'The following packages have unmet dependencies:\n x : Depends: libc6 (>= 2.38)\nE: Unable to correct problems, you have held broken packages.',
    code: 'INSTALL_NOT_FOUND',
    quoted: 'unmet dependencies',
  },
  {
    stderr: 'first\nE: This is new | to us',
    code: 'INSTALL_FAILED',
    quoted: 'apt failed while testing: This is new',
  },
  { stderr: '', code: 'INSTALL_FAILED', quoted: 'it gave no reason' },
]

describe('what apt says', () => {
  test.each(SAID)('$code: $quoted', ({ stderr, code, quoted }) => {
    expect(aptFailure('testing', stderr)).toMatchObject({ code, message: expect.stringContaining(quoted) })
    expect(aptFailure('testing', stderr).message).not.toContain('Some index files')
  })
})
