import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import {
  type DeployEnd,
  RENDER_KEY,
  startWebService,
  type WebService,
} from '../../scripts/workflows/web-service.ts'

const SHA = '1'.repeat(40)

/** The step of the example that deploys, against a stand-in for Render that works twenty times as fast. */
async function deploy(service: WebService, { key = RENDER_KEY, limitSeconds = 5 } = {}) {
  const { jobs } = parse(readFileSync('examples/logi/deploy.yml', 'utf8'))
  const [{ run, env }] = jobs.deploy.steps
  const script = run.replace(/sleep 10$/m, 'sleep 0.1').replace('-lt 2400', `-lt ${limitSeconds}`)
  const options = {
    env: {
      PATH: process.env.PATH,
      GITHUB_SHA: SHA,
      RENDER_API_KEY: key,
      SERVICE: env.SERVICE.replace('https://api.render.com', service.url),
    },
  }
  // As the runner starts a step with shell: bash.
  const shell = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script]
  const { code, stdout, stderr } = await promisify(execFile)('bash', shell, options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    error => error,
  )
  expect(stdout + stderr).not.toContain(key)
  return { code, said: stdout + stderr }
}

describe('the deploy of logi', () => {
  const start = (migrate = async () => {}) => startWebService(migrate, 50)

  it('ends when the release is live, and its migration has run', async () => {
    const migrated: string[] = []
    await using service = await start(async () => void migrated.push('users'))
    const { code, said } = await deploy(service)
    expect({ code, said, migrated }).toEqual({ code: 0, said: '', migrated: ['users'] })
    expect(service.deploys).toMatchObject([{ status: 'live', commit: { id: SHA } }])
  })

  it('finds a deploy that had to wait, and asks again where no answer came', async () => {
    await using service = await start()
    Object.assign(service, { isBusy: true, stumbles: 2 })
    expect(await deploy(service)).toMatchObject({ code: 0 })
    expect(service.deploys).toMatchObject([{ status: 'live' }])
  })

  test.each(['build_failed', 'pre_deploy_failed', 'update_failed', 'canceled', 'deactivated'])(
    'fails when it ended as %s',
    async end => {
      await using service = await start()
      service.end = end as DeployEnd
      const { code, said } = await deploy(service)
      expect(code).toBe(1)
      expect(said).toContain(`::error title=deploy::The deploy dep-1 ended as ${end}.`)
    },
  )

  it('fails when Render takes none, and tries it once only', async () => {
    await using service = await start()
    const { code, said } = await deploy(service, { key: 'rnd_wrong' })
    expect(code).toBe(1)
    expect(said).toContain('::error title=deploy::Render did not take the deploy.')
    expect(service.deploys).toEqual([])
  })

  it('fails when it takes too long', async () => {
    await using service = await startWebService(async () => {}, 60_000)
    const { code, said } = await deploy(service, { limitSeconds: 1 })
    expect(code).toBe(1)
    expect(said).toContain('is not live')
  }, 20_000)
})
