import { describe, expect, it } from 'vitest'
import { startFakeGithub } from '../../scripts/workflows/fake-github.ts'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { startFakeIdentity } from '../support/fake-identity.ts'
import { runGate, startService, USERS } from '../support/gate.ts'
import { theLab } from '../support/lab.ts'
import { type RunningProxy, startProxy } from '../support/proxy.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const TOKEN = 'ghs_0123456789abcdef0123456789'

/** The address of a service under a name that only the proxy knows. */
function inside(url: string, name: string): string {
  return url.replace('127.0.0.1', `${name}.inside.invalid`)
}

const throughProxy = ({ url }: Pick<RunningProxy, 'url'>) => ({ HTTP_PROXY: url, HTTPS_PROXY: url })

function errorOf({ annotations }: ActionRun): string {
  return annotations.map(({ level, title, message }) => `${level} ${title}: ${message}`).join('\n')
}

describe('a runner behind a proxy', () => {
  const lab = theLab()

  function report(
    outcome: string,
    github: string,
    env: Readonly<Record<string, string>>,
  ): Promise<ActionRun> {
    return runAction('report-outcome', {
      inputs: {
        ...{ task: 'backup', database: 'logi', outcome, verified: String(outcome === 'success') },
        'github-token': TOKEN,
        'webhook-url': `${inside(github, 'chat')}/webhook`,
        'heartbeat-url': `${inside(github, 'watchdog')}/heartbeat/backup-of-logi`,
      },
      env: { GITHUB_API_URL: inside(github, 'github'), ...env },
    })
  }

  it('reports to GitHub, the webhook and the watchdog through it', async () => {
    await using github = await startFakeGithub(TOKEN)
    await using proxy = await startProxy()

    for (const outcome of ['failure', 'success']) {
      const run = await report(outcome, github.url, throughProxy(proxy))
      expect(run.exitCode, run.log).toBe(0)
      expect(run.annotations).toEqual([])
    }
    expect(github.messages).toHaveLength(2)
    expect(github.heartbeats).toEqual(['backup-of-logi'])
    const hosts = new Set(proxy.seen.map(line => line.replace(/^\w+ /, '')))
    expect(hosts).toEqual(
      new Set(['github.inside.invalid', 'chat.inside.invalid', 'watchdog.inside.invalid']),
    )
  })

  it('assumes a role of AWS through it', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using identity = await startFakeIdentity({ keys: lab.s3 })
    await using proxy = await startProxy()
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...rest } = labEnvironment(lab)

    const run = await runAction('dump-to-s3', {
      inputs: { 'database-url': source.url, database: 'logi', destination: `s3://${bucket.name}` },
      env: {
        ...rest,
        ...identity.env,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/app-backup',
        AWS_ENDPOINT_URL_S3: inside(lab.s3.endpoint, 's3'),
        AWS_ENDPOINT_URL_STS: inside(identity.env.AWS_ENDPOINT_URL_STS ?? '', 'sts'),
        ACTIONS_ID_TOKEN_REQUEST_URL: inside(identity.env.ACTIONS_ID_TOKEN_REQUEST_URL ?? '', 'token'),
        ...throughProxy(proxy),
      },
    })

    expect(run.exitCode, run.log).toBe(0)
    for (const name of ['token', 'sts', 's3'])
      expect(proxy.seen.join('\n')).toContain(`${name}.inside.invalid`)
  })

  it('checks the health of a deploy through it, and the store straight by NO_PROXY', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using service = await startService(response => response.end('up'))
    await using proxy = await startProxy()
    const gate = (env: Readonly<Record<string, string>>) =>
      runGate(source, bucket, {
        inputs: {
          ...{ phase: 'after', soak: '1s', 'health-failures': '0' },
          'health-url': inside(service.url, 'app'),
        },
        env: { ...throughProxy(proxy), NO_PROXY: '127.0.0.1', ...env },
      })

    const healthy = await gate({})
    expect(healthy.exitCode, healthy.log).toBe(0)
    expect(new Set(proxy.seen)).toEqual(new Set(['CONNECT app.inside.invalid']))

    const direct = await gate({ NO_PROXY: '127.0.0.1,.inside.invalid' })
    expect(errorOf(direct)).toContain('GATE_UNHEALTHY')
    expect(errorOf(direct)).toContain('ENOTFOUND')
  })

  it.each([
    ['refuses without credentials', 407],
    ['is not reached', undefined],
  ])('names a proxy that %s', async (_, refuse) => {
    await using github = await startFakeGithub(TOKEN)
    await using refusing = await startProxy(refuse === undefined ? {} : { refuse })
    const url = refuse === undefined ? 'http://127.0.0.1:9' : refusing.url

    const run = await report('failure', github.url, throughProxy({ url }))

    expect(errorOf(run)).toContain('REPORT_FAILED')
    expect(errorOf(run)).toContain(`the proxy in HTTP_PROXY (${new URL(url).host})`)
    expect(run.annotations.filter(({ level }) => level === 'error')).toHaveLength(1)
  })
})
