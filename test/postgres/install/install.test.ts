import { describe, expect, it, test } from 'vitest'
import { OperatorError } from '../../../src/core/errors.ts'
import { parseWantedVersion } from '../../../src/core/pg/version.ts'
import { findOrFetch } from '../../../src/postgres/install/install.ts'
import type { Installation, InstallRequest } from '../../../src/postgres/install/installation.ts'
import { silentLog } from '../../support/install/silent-log.ts'

const made = (minor: number, source: Installation['source']): Installation => ({
  version: { major: 18, minor },
  binDir: `/${source}`,
  source,
  origin: source,
  cacheHit: false,
})

const wish = (version: string, securityFloor: InstallRequest['securityFloor']): InstallRequest => ({
  version: parseWantedVersion(version),
  components: ['client'],
  extensions: [],
  securityFloor,
})

async function choose(
  given: InstallRequest,
  there: number | undefined,
  offered: number | OperatorError,
): Promise<string> {
  const find = async () => (there === undefined ? undefined : made(there, 'system'))
  const fetch = async () => {
    if (offered instanceof OperatorError) throw offered
    return made(offered, 'apt')
  }
  return (await findOrFetch(given, { find, fetch }, silentLog)).source
}

const UNREACHABLE = new OperatorError('INSTALL_UNREACHABLE', 'no network')
const UNTRUSTED = new OperatorError('INSTALL_UNTRUSTED', 'forged')

describe('what is there and what could be fetched', () => {
  test.each([
    { wanted: '18', floor: 'warn', there: 7, offered: UNTRUSTED, taken: 'system' },
    { wanted: '18', floor: 'warn', there: 6, offered: 7, taken: 'apt' },
    { wanted: '18', floor: 'warn', there: 6, offered: 6, taken: 'system' },
    { wanted: '18', floor: 'warn', there: 6, offered: 5, taken: 'system' },
    { wanted: '18', floor: 'warn', there: 6, offered: UNREACHABLE, taken: 'system' },
    { wanted: '18', floor: 'off', there: 6, offered: 7, taken: 'system' },
    { wanted: '18.6', floor: 'warn', there: 6, offered: 6, taken: 'system' },
    { wanted: '18', floor: 'fail', there: 6, offered: 7, taken: 'apt' },
    { wanted: '18', floor: 'warn', there: undefined, offered: 6, taken: 'apt' },
  ] as const)(
    '$wanted, floor $floor, $there there: $taken',
    async ({ wanted, floor, there, offered, taken }) => {
      expect(await choose(wish(wanted, floor), there, offered)).toBe(taken)
    },
  )

  it('are both refused when nothing is there and nothing can be fetched', async () => {
    await expect(choose(wish('18', 'warn'), undefined, UNREACHABLE)).rejects.toBe(UNREACHABLE)
  })

  it('are both refused when the floor is strict and nothing newer can be fetched', async () => {
    await expect(choose(wish('18', 'fail'), 6, UNREACHABLE)).rejects.toBe(UNREACHABLE)
  })

  it('are both refused when the source is forged', async () => {
    await expect(choose(wish('18', 'warn'), 6, UNTRUSTED)).rejects.toBe(UNTRUSTED)
  })
})
