import { describe, expect, it } from 'vitest'
import { processTree } from './runner/process-tree.ts'
import { type ActionOptions, RUNNER_GRACES, runAction, startAction } from './runner.ts'

const ROOT = 'test/support/probe'

const probe = (code: string, options: ActionOptions = {}) =>
  runAction('probe', { root: ROOT, ...options, inputs: { code, ...options.inputs } })

const start = (code: string) => startAction('probe', { root: ROOT, inputs: { code } })

describe('the environment of an action', () => {
  it('is Node 24, in the workspace, without a terminal', async () => {
    const run = await probe(`
      console.log(process.version.slice(0, 4), process.cwd() === process.env.GITHUB_WORKSPACE)
      console.log(!!process.stdin.isTTY, !!process.stdout.isTTY, !!process.stderr.isTTY, process.argv.length)`)
    expect(run.log).toBe('v24. true\nfalse false false 2')
    expect(run.exitCode).toBe(0)
  })

  it('has inputs in upper case with their hyphens, and defaults where none was given', async () => {
    const code = `const { env } = process
      console.log(JSON.stringify([env['INPUT_WITH-DEFAULT'], env['INPUT_WITHOUT-DEFAULT']]))`
    expect((await probe(code)).log).toBe('["18",""]')
    expect((await probe(code, { inputs: { 'with-default': '', 'without-default': 'x' } })).log).toBe(
      '["","x"]',
    )
  })

  it('has no input that action.yml does not know', async () => {
    await expect(probe('', { inputs: { typo: '1' } })).rejects.toThrow('action.yml has no input typo')
  })

  it('holds nothing of the test process', async () => {
    process.env.CANARY = 'from outside'
    const run = await probe('console.log(process.env.CANARY, process.env.ADDED)', { env: { ADDED: 'yes' } })
    expect(run.log).toBe('undefined yes')
  })
})

describe('file commands', () => {
  const write = (file: string, text: string) =>
    `import { appendFileSync } from 'node:fs'; appendFileSync(process.env.${file}, ${JSON.stringify(text)})`

  it('are parsed by name and value, and with a delimiter', async () => {
    const run = await probe(write('GITHUB_OUTPUT', 'a=1\n\nb<<END\nx=2\n\ny\nEND\nc=d=e<<f\n'))
    expect(run.outputs).toEqual({ a: '1', b: 'x=2\n\ny', c: 'd=e<<f' })
  })

  it.each([
    ['no value', "Invalid format 'no value'"],
    ['=x', 'Name must not be empty'],
    ['a<<END\nx', "Matching delimiter not found 'END'"],
    ['a<<\nx', "Matching delimiter not found ''"],
  ])('fail where the runner would fail: %j', async (text, problem) => {
    await expect(probe(write('GITHUB_OUTPUT', text))).rejects.toThrow(problem)
  })

  it('reach the following steps', async () => {
    expect((await probe(write('GITHUB_PATH', '/opt/pg/bin\n'))).paths).toEqual(['/opt/pg/bin'])
    expect((await probe(write('GITHUB_ENV', 'PGHOST=db\n'))).env).toEqual({ PGHOST: 'db' })
  })

  it('hand the state to the post phase, with directories and masks', async () => {
    const after = await probe(`console.log('::add-mask::hunter2')
      ${write('GITHUB_STATE', 'dir=/x y\n')}
      appendFileSync(process.env.RUNNER_TEMP + '/left', 'behind')`)
    expect(after.state).toEqual({ dir: '/x y' })
    expect(after.leftFiles).toEqual(['left'])
    const post = await probe(
      `import { rmSync } from 'node:fs'; rmSync(process.env.RUNNER_TEMP + '/left')
       console.log(process.env.STATE_dir, 'hunter2')`,
      { phase: 'post', after },
    )
    expect(post.log).toBe('/x y ***')
    expect(post.leftFiles).toEqual([])
  })

  it('refuse a summary that the runner would drop', async () => {
    const code = `import { appendFileSync } from 'node:fs'
      appendFileSync(process.env.GITHUB_STEP_SUMMARY, 'x'.repeat(1024 * 1024 + 1))`
    await expect(probe(code)).rejects.toThrow('more than 1 MiB')
  })
})

describe('masking', () => {
  const SECRET = `p@ss/w"ör d'%`

  it('hides a secret in every spelling that the runner knows, from its registration on', async () => {
    const run = await probe(`
      const s = ${JSON.stringify(SECRET)}
      console.log('before ' + s)
      console.log('::add-mask::' + s.replaceAll('%', '%25'))
      console.error('raw ' + s)
      console.log('json ' + JSON.stringify({ s }))
      console.log('url ' + encodeURIComponent(s).replaceAll("'", '%27'))
      for (const lead of ['', 'x', 'xy']) console.log('base64 ' + btoa(unescape(encodeURIComponent(lead + s))))
      console.log('hex ' + Buffer.from(s).toString('hex'))`)
    const lines = run.log.split('\n')
    expect(lines).toContain(`before ${SECRET}`)
    expect(lines).toContain('raw ***')
    expect(lines).toContain('json {"s":"***"}')
    expect(lines).toContain('url ***')
    expect(lines.filter(line => line.startsWith('base64'))).toSatisfy((all: string[]) =>
      all.every(line => line.includes('***')),
    )
    expect(lines).toContain(`hex ${Buffer.from(SECRET).toString('hex')}`)
    expect(run.log).not.toContain('add-mask')
    expect(run.rawLog).toContain('::add-mask::')
    expect(run.secrets).toEqual([SECRET])
  })

  it('hides each line of a multi-line secret, and the secrets of the workflow', async () => {
    const run = await probe(`console.log('::add-mask::one%0Atwo'); console.log('two one three')`, {
      secrets: ['three'],
    })
    expect(run.log).toBe('*** *** ***')
  })

  it('drops outputs that contain a secret, and masks the summary', async () => {
    const run = await probe(`
      import { appendFileSync } from 'node:fs'
      console.log('::add-mask::hunter2')
      appendFileSync(process.env.GITHUB_OUTPUT, 'good=1\\nbad=a hunter2\\n')
      appendFileSync(process.env.GITHUB_STEP_SUMMARY, 'It was hunter2.')`)
    expect(run.droppedOutputs).toEqual(['bad'])
    expect(run.summary).toBe('It was ***.')
  })
})

describe('commands in the output', () => {
  it('become annotations, groups and debug lines', async () => {
    const print = `console.log('::group::Title'); console.error('::error title=T%3A::one%0Atwo')
      console.log('::warning::careful'); console.log('::endgroup::'); console.log('::debug::detail')`
    const run = await probe(print)
    expect(run.annotations).toContainEqual({ level: 'error', title: 'T:', message: 'one\ntwo' })
    expect(run.annotations).toContainEqual({ level: 'warning', title: '', message: 'careful' })
    expect(run.log).toContain('##[group]Title')
    expect(run.log).not.toContain('detail')
    expect((await probe(print, { debug: true })).log).toContain('##[debug]detail')
  })

  it('obeys the older form of commands anywhere in a line, from any process', async () => {
    const run = await probe(`console.error('NOTICE:  hi ##[set-output name=key]evil')`)
    expect(run.outputs).toEqual({ key: 'evil' })
  })

  it('are only text when nobody knows them, or when they are stopped', async () => {
    const run = await probe(`console.log('a ::error::b'); console.log('::nonsense::c')
      console.log('::stop-commands::tok'); console.log('::error::d'); console.log('::tok::')
      console.log('::notice::e')`)
    expect(run.log).toBe('a ::error::b\n::nonsense::c\n::error::d\n##[notice]e')
    expect(run.annotations).toEqual([{ level: 'notice', title: '', message: 'e' }])
  })
})

describe('the end of an action', () => {
  it('is its exit code', async () => {
    expect((await probe('process.exitCode = 3')).exitCode).toBe(3)
    expect((await probe(`throw new Error('x')`)).exitCode).toBe(1)
  })

  it('is a signal, where one ended it', async () => {
    const action = start(`console.log('up'); setInterval(() => {}, 1000)`)
    await action.waitForLog(/up/)
    action.signal('SIGKILL')
    expect(await action.finished).toMatchObject({ exitCode: null, endedBy: 'SIGKILL' })
  })

  it('comes with SIGINT when the job is cancelled', async () => {
    const action = start(`
      process.on('SIGINT', () => { console.log('stopping'); process.exit(1) })
      console.log('up'); setInterval(() => {}, 1000)`)
    await action.waitForLog(/up/)
    const run = await action.cancel()
    expect(run).toMatchObject({ exitCode: 1, log: 'up\nstopping' })
    expect(run.durationMs).toBeLessThan(5000)
  })

  it('comes with SIGTERM 7.5 s later, and with SIGKILL for all 2.5 s after that', async () => {
    expect(RUNNER_GRACES).toEqual({ sigintMs: 7500, sigtermMs: 2500 })
    // A tenth of it, so that nothing waits for ten seconds.
    const graces = { sigintMs: 750, sigtermMs: 250 }
    const code = `
      import { spawn } from 'node:child_process'
      const at = Date.now()
      for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => console.log(name, Date.now()))
      spawn('sleep', ['60'], { stdio: 'inherit' })
      console.log('up', at); setInterval(() => {}, 1000)`
    const action = startAction('probe', { root: ROOT, inputs: { code }, graces })
    await action.waitForLog(/up/)
    expect(action.processes().map(({ program }) => program)).toContain('sleep')
    const began = performance.now()
    const run = await action.cancel()
    expect(run.endedBy).toBe('SIGKILL')
    expect(performance.now() - began).toBeGreaterThan(990)
    const [first = 0, second = 0] = [...run.log.matchAll(/^SIG\w+ (\d+)$/gm)].map(match => Number(match[1]))
    expect(second - first).toBeGreaterThan(650)
    expect(second - first).toBeLessThan(1750)
    expect(run.durationMs).toBeLessThan(4000)
  }, 30_000)

  it('reports processes that outlive it, and ends them', async () => {
    const run = await probe(`
      import { spawn } from 'node:child_process'
      spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).unref()`)
    expect(run.leftProcesses.map(({ program }) => program)).toEqual(['sleep'])
    await expect.poll(() => run.leftProcesses.flatMap(({ pid }) => processTree(pid))).toEqual([])
  }, 30_000)

  it('makes waiting for the log fail when the log never matches', async () => {
    await expect(start(`console.log('other')`).waitForLog(/up/)).rejects.toThrow(
      'ended before its log matched',
    )
  })
})

it('measures the memory of the action', async () => {
  const run = await probe(`
    globalThis.kept = Buffer.alloc(200 * 1024 * 1024, 1)
    await new Promise(resolve => setTimeout(resolve, 500))`)
  expect(run.peakRssBytes).toBeGreaterThan(200 * 1024 * 1024)
  expect(run.peakRssBytes).toBeLessThan(400 * 1024 * 1024)
})
