import { describe, expect, it } from 'vitest'
import { type FakeGithub, startFakeGithub } from '../../scripts/workflows/fake-github.ts'
import { type ActionOptions, type ActionRun, runAction } from '../support/runner.ts'

const TOKEN = 'ghs_0123456789abcdef0123456789'

function report(github: FakeGithub, outcome: string, options: ActionOptions = {}): Promise<ActionRun> {
  return runAction('report-outcome', {
    inputs: {
      task: 'backup',
      database: 'logi',
      outcome,
      verified: String(outcome === 'success'),
      'github-token': TOKEN,
      'webhook-url': `${github.url}/webhook`,
      'heartbeat-url': `${github.url}/heartbeat/backup-of-logi`,
      ...options.inputs,
    },
    env: { GITHUB_API_URL: github.url },
  })
}

describe('report-outcome', () => {
  it('opens one issue, comments it, and closes it; tells the chat of each, the watchdog of success only', async () => {
    await using github = await startFakeGithub(TOKEN)

    const first = await report(github, 'failure', { inputs: { details: 'DATABASE_UNREACHABLE <@everyone>' } })
    expect(first).toMatchObject({ exitCode: 0, outputs: { 'issue-change': 'opened', 'issue-number': '1' } })
    expect(github.issues).toMatchObject([{ title: 'backup of logi fails', state: 'open', comments: [] }])
    expect(github.issues[0]?.body).toContain('https://github.com/example/logi/actions/runs/1234567890')
    expect(github.issues[0]?.body).not.toContain('<@everyone>')

    const second = await report(github, 'cancelled')
    expect(second.outputs).toMatchObject({ 'issue-change': 'commented', 'issue-number': '1' })
    expect(github.issues[0]?.comments[0]).toContain('ran into its timeout')
    expect(github.heartbeats).toEqual([])

    const third = await report(github, 'success')
    expect(third).toMatchObject({ exitCode: 0, outputs: { 'issue-change': 'closed' } })
    expect(github.issues).toMatchObject([{ state: 'closed' }])
    expect(github.heartbeats).toEqual(['backup-of-logi'])
    expect(github.messages.map(text => text.slice(0, 25))).toEqual([
      '❌ backup of logi failed (',
      '❌ backup of logi was canc',
      '✅ backup of logi succeede',
    ])
    expect(github.messages[0]).toContain('&lt;@everyone&gt;')

    expect((await report(github, 'success')).outputs).toMatchObject({
      'issue-change': 'none',
      'issue-number': '',
    })
    expect(github.messages).toHaveLength(3)
    for (const run of [first, second, third]) {
      expect(run.rawLog.replace(/^::add-mask::.*$/gm, '')).not.toContain(TOKEN)
      expect(run.rawLog.replace(/^::add-mask::.*$/gm, '')).not.toContain('/heartbeat/')
    }
  })

  it('keeps databases and tasks apart, and takes no pull request for an issue', async () => {
    await using github = await startFakeGithub(TOKEN)
    await report(github, 'failure')
    const [issue] = github.issues
    if (issue !== undefined) github.issues[0] = { ...issue, pull_request: {} }

    await report(github, 'failure', { inputs: { database: 'billing' } })
    await report(github, 'failure', { inputs: { task: 'drill' } })
    await report(github, 'failure')

    const titles = ['backup of logi', 'backup of billing', 'drill of logi', 'backup of logi']
    expect(github.issues.map(({ title }) => title)).toEqual(titles.map(title => `${title} fails`))
  })

  it('finds the issue behind a hundred others', async () => {
    await using github = await startFakeGithub(TOKEN)
    for (let i = 0; i < 130; i += 1)
      github.issues.push({
        ...{ number: i + 1, title: 'other', body: 'other', html_url: '', state: 'open', comments: [] },
        labels: [{ name: 'pg-runbook' }],
      })
    await report(github, 'failure')
    expect((await report(github, 'failure')).outputs).toMatchObject({ 'issue-number': '131' })
  })

  it('neither closes nor tells the watchdog for a success that proves nothing', async () => {
    await using github = await startFakeGithub(TOKEN)
    await report(github, 'failure')
    const run = await report(github, 'success', { inputs: { verified: 'false' } })
    expect(run).toMatchObject({ exitCode: 0, outputs: { 'issue-change': 'none' } })
    expect(github.issues[0]?.state).toBe('open')
    expect(github.heartbeats).toEqual([])
  })

  it('tries again when GitHub stumbles', async () => {
    await using github = await startFakeGithub(TOKEN)
    github.failures.push(502, 503)
    const run = await report(github, 'failure')
    expect(run).toMatchObject({ exitCode: 0, outputs: { 'issue-change': 'opened' } })
    expect(github.issues).toHaveLength(1)
  })

  it('fails after a failure that it cannot tell, but still tells the chat', async () => {
    await using github = await startFakeGithub(TOKEN)
    github.failures.push(403)
    const run = await report(github, 'failure')
    expect(run.exitCode).toBe(1)
    const [error] = run.annotations.filter(({ level }) => level === 'error')
    expect(error?.title).toBe('report-outcome: REPORT_FAILED')
    expect(error?.message).toContain('HTTP 403')
    expect(error?.message).toContain('issues: write')
    expect(github.messages).toHaveLength(1)
  })

  it('does not make a success fail that it cannot tell', async () => {
    await using github = await startFakeGithub(TOKEN)
    const run = await report(github, 'success', { inputs: { 'github-token': 'expired' } })
    expect(run.exitCode).toBe(0)
    expect(run.annotations.map(({ level }) => level)).toEqual(['warning'])
    expect(github.heartbeats).toEqual(['backup-of-logi'])
  })

  it('refuses inputs that make no sense, all at once', async () => {
    await using github = await startFakeGithub(TOKEN)
    const run = await report(github, 'skipped', {
      inputs: { task: 'a b', 'webhook-url': 'hooks.example.com' },
    })
    expect(run.exitCode).toBe(1)
    expect(run.log).toContain('3 inputs are wrong')
    expect(run.log).not.toContain('hooks.example.com')
  })
})
