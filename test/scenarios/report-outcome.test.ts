import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
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
    env: { GITHUB_API_URL: github.url, ...options.env },
  })
}

describe('report-outcome', () => {
  it('opens, comments and closes one issue; webhook for each, heartbeat for success', async () => {
    await using github = await startFakeGithub(TOKEN)

    const first = await report(github, 'failure', { inputs: { details: 'DATABASE_UNREACHABLE <@everyone>' } })
    expect(first).toMatchObject({ exitCode: 0, outputs: { 'issue-change': 'opened', 'issue-number': '1' } })
    expect(github.issues).toMatchObject([
      { title: 'backup of logi fails (workflow backup)', state: 'open', comments: [] },
    ])
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
    expect(github.messages[0]).toContain('&lt;@\u200beveryone&gt;')

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
    expect(github.issues.map(({ title }) => title)).toEqual(
      titles.map(title => `${title} fails (workflow backup)`),
    )
  })

  it.each([
    ['NONE', 'User', 'opened'],
    ['CONTRIBUTOR', 'User', 'opened'],
    ['NONE', 'Bot', 'commented'],
    ['MEMBER', 'User', 'commented'],
  ])('with an issue by %s (%s), the second failure is %s', async (association, type, change) => {
    await using github = await startFakeGithub(TOKEN)
    await report(github, 'failure')
    const [issue] = github.issues
    if (issue !== undefined) github.issues[0] = { ...issue, author_association: association, user: { type } }
    expect((await report(github, 'failure')).outputs).toMatchObject({ 'issue-change': change })
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

  it('keeps workflows apart: the success of another one closes nothing', async () => {
    await using github = await startFakeGithub(TOKEN)
    const nightly = { env: { GITHUB_WORKFLOW: 'nightly --> <b>' } }
    await report(github, 'failure')
    await report(github, 'failure', nightly)
    expect(github.issues.map(({ title }) => title)).toEqual([
      'backup of logi fails (workflow backup)',
      'backup of logi fails (workflow nightly --> <b>)',
    ])
    expect(github.issues[1]?.body.split('-->')[0]).toContain('workflow=nightly%20--%3E')

    await report(github, 'success', nightly)
    expect(github.issues.map(({ state }) => state)).toEqual(['open', 'closed'])
  })

  it('opens one issue though the answer was lost, and closes all that there are', async () => {
    await using github = await startFakeGithub(TOKEN)
    // It is looked for with its label, then without, and not found; the answer to the third request, which
    // opens it, is lost.
    const none = { status: 200, text: '[]' }
    github.failures.push(none, none, 'lost')
    const run = await report(github, 'failure')
    expect(run).toMatchObject({ exitCode: 0, outputs: { 'issue-change': 'opened', 'issue-number': '1' } })
    expect(github.issues).toHaveLength(1)

    const [issue] = github.issues
    if (issue !== undefined) github.issues.push({ ...issue, number: 2, comments: [] })
    expect((await report(github, 'success')).outputs['issue-change']).toBe('closed')
    expect(github.issues.map(({ state }) => state)).toEqual(['closed', 'closed'])
    expect(github.messages).toHaveLength(2)
  })

  it('finds the issue whose label GitHub left out, or somebody took away', async () => {
    await using github = await startFakeGithub(TOKEN)
    await report(github, 'failure')
    const [issue] = github.issues
    if (issue !== undefined) github.issues[0] = { ...issue, labels: [] }
    expect((await report(github, 'failure')).outputs['issue-change']).toBe('commented')
  })

  it('waits as long as GitHub asks where there were too many requests', async () => {
    await using github = await startFakeGithub(TOKEN)
    const text = JSON.stringify({ message: 'You have exceeded a secondary rate limit' })
    github.failures.push({ status: 403, text, headers: { 'Retry-After': '2' } })
    const run = await report(github, 'failure')
    expect(run).toMatchObject({ exitCode: 0, outputs: { 'issue-change': 'opened' } })
    expect(run.log).toContain('trying again in 2.0 s')
  })

  it('reports a used-up rate limit, not a missing permission', async () => {
    await using github = await startFakeGithub(TOKEN)
    const text = JSON.stringify({ message: 'API rate limit exceeded for installation ID 1.' })
    const passing = { status: 403, text, headers: { 'Retry-After': '1' } }
    github.failures.push(passing, passing, { status: 403, text, headers: { 'X-RateLimit-Remaining': '0' } })
    const run = await report(github, 'failure')
    expect(run.exitCode).toBe(1)
    expect(run.annotations.at(-1)?.message).toContain('allows no more requests')
    expect(run.annotations.at(-1)?.message).not.toContain('issues: write')
  })

  it('closes an issue that it may not comment, such as a locked one', async () => {
    await using github = await startFakeGithub(TOKEN)
    await report(github, 'failure')
    const text = JSON.stringify({ message: 'Unable to create comment because issue is locked.' })
    github.failures.push({ status: 403, text, of: 'POST /repos/example/logi/issues/1/comments' })
    const run = await report(github, 'success')
    expect(run).toMatchObject({ exitCode: 0, outputs: { 'issue-change': 'closed' } })
    expect(run.annotations.map(({ level }) => level)).toEqual(['warning'])
    expect(github.issues[0]?.state).toBe('closed')
  })

  it.each([302, 308])('lets no redirection (%i) lose the message', async status => {
    await using github = await startFakeGithub(TOKEN)
    await using old = createServer((_, response) => {
      response.writeHead(status, { Location: `${github.url}/webhook` }).end()
    })
    await once(old.listen(0, '127.0.0.1'), 'listening')
    const { port } = old.address() as AddressInfo
    const run = await report(github, 'failure', {
      inputs: { 'webhook-url': `http://127.0.0.1:${port}/webhook` },
    })
    expect(run.exitCode).toBe(status === 302 ? 1 : 0)
    expect(github.messages.map(text => text.slice(0, 16))).toEqual(
      status === 302 ? [] : ['❌ backup of logi'],
    )
  })

  it('tells the chat also where what answers is no GitHub', async () => {
    await using github = await startFakeGithub(TOKEN)
    github.failures.push({ status: 200, text: '<html>Please log in</html>' })
    const run = await report(github, 'failure')
    expect(run.annotations.map(({ title }) => title)).toEqual(['report-outcome: REPORT_FAILED'])
    expect(run.log).toContain('did not answer with JSON')
    expect(github.messages).toHaveLength(1)
  })

  it('tells the chat that it works again, though the issue cannot be closed', async () => {
    await using github = await startFakeGithub(TOKEN)
    await report(github, 'failure')
    // Found, commented; then not closed.
    const listed = { status: 200, text: JSON.stringify(github.issues) }
    github.failures.push(listed, { status: 201, text: '{}' }, 403)
    const run = await report(github, 'success')
    expect(run).toMatchObject({ exitCode: 0, outputs: { 'issue-change': 'none' } })
    expect(run.annotations.map(({ level }) => level)).toEqual(['warning'])
    expect(github.issues[0]?.state).toBe('open')
    expect(github.messages.at(-1)).toContain('succeeded again')
    expect(github.heartbeats).toEqual(['backup-of-logi'])
  })

  it('says no more than an issue and a chat can take, and how much is left out', async () => {
    await using github = await startFakeGithub(TOKEN)
    const details = Array.from({ length: 5000 }, (_, i) => `table @<${i}>`).join('\n')
    await report(github, 'failure', { inputs: { details } })
    await report(github, 'failure', { inputs: { details: `${'@'.repeat(70_000)}\nlast` } })
    const [issue] = github.issues
    expect(issue?.body).toMatch(/- table <span>@<\/span>&lt;0&gt;\n.*- … and \d{4} more\n\n\*\*What to do/s)
    expect(issue?.comments[0]).toContain('- last\n')
    for (const text of github.messages) expect(text.length).toBeLessThan(16_383)
  })

  it('alarms nobody in a chat by the name of a table, and draws nothing there', async () => {
    await using github = await startFakeGithub(TOKEN)
    const details = '@channel @here @all <!channel>\n![x](https://evil.example/x.png)'
    await report(github, 'failure', { inputs: { details } })
    expect(github.messages[0]).not.toMatch(/@(channel|here|all)|<!|\]\(/)
    expect(github.messages[0]).toContain('channel')
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
      inputs: {
        task: 'a b',
        'webhook-url': 'hooks.example.com',
        'heartbeat-url': 'https://me:a-password@hc.example.com/1',
      },
    })
    expect(run.exitCode).toBe(1)
    expect(run.log).toContain('4 inputs are wrong')
    expect(run.log).toContain('has user:password@ in it')
    expect(run.rawLog.replace(/^::add-mask::.*$/gm, '')).not.toContain('a-password')
    expect(run.log).not.toContain('hooks.example.com')
  })
})
