import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, test } from 'vitest'
import { END_LIMITS } from '../../src/runner/stray-error.ts'
import { annotations, runPhaseOf, Workspace } from '../support/phase.ts'

describe('a step that succeeds', () => {
  it('writes its outputs and its summary, and says nothing else', async () => {
    const run = await runPhaseOf(`async main({ log, addPath }) {
      log.info('1,234 rows')
      addPath('/opt/pg/bin')
      return { outputs: { rows: 1234, 'cache-hit': false, text: 'a\\nb=c' }, summary: '## Done' }
    }`)
    expect(run).toMatchObject({ exitCode: 0, stdout: '1,234 rows\n', stderr: '', left: [] })
    expect(run.outputs).toEqual({ rows: '1234', 'cache-hit': 'false', text: 'a\nb=c' })
    expect(run.summary).toBe('## Done\n')
    expect(run.path).toBe('/opt/pg/bin\n')
  })

  it('names the outputs that GitHub drops because they contain a password', async () => {
    const run = await runPhaseOf(
      `async main({ inputs }) {
        inputs.secret('password')
        return { outputs: { uri: 's3://bucket/logi/x', rows: 5 } }
      }`,
      { inputs: { password: 'logi' } },
    )
    expect(annotations(run.stdout)).toEqual([
      expect.stringMatching(/^warning : GitHub drops the output uri: /),
    ])
  })

  it('knows the run it belongs to', async () => {
    const env = {
      GITHUB_REPOSITORY: 'logi/app',
      GITHUB_WORKFLOW: 'backup',
      GITHUB_RUN_ID: '7',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_SHA: 'abc',
      GITHUB_SERVER_URL: 'https://github.example',
    }
    const run = await runPhaseOf(
      `async main({ environment }) { return { outputs: { run: JSON.stringify(environment.run) } } }`,
      { env },
    )
    expect(JSON.parse(run.outputs.run ?? '')).toEqual({
      repository: 'logi/app',
      workflow: 'backup',
      runId: '7',
      runAttempt: '2',
      commit: 'abc',
      serverUrl: 'https://github.example',
    })
  })

  it('ends even when a handle was left open, and names it', async () => {
    const run = await runPhaseOf(
      `async main() {
        setInterval(() => {}, 1000)
        return { outputs: { a: 1 } }
      }`,
      { limits: { cleanUpMs: 300, openMs: 300 } },
    )
    expect(run.exitCode).toBe(0)
    expect(run.outputs).toEqual({ a: '1' })
    expect(run.stdout).toMatch(/^Still open after the work was done: .*Timeout\n$/)
  })

  it('stays a success when the summary cannot be written, with a warning', async () => {
    const run = await runPhaseOf(`async main() { return { outputs: { a: 1 }, summary: 'x' } }`, {
      env: { GITHUB_STEP_SUMMARY: '/no/such/file' },
    })
    expect(run.exitCode).toBe(0)
    expect(annotations(run.stdout)).toEqual([
      expect.stringMatching(/^warning : The job summary could not be written: .*\/no\/such\/file/),
    ])
  })

  it('makes at most ten warning annotations, and plain lines of the others', async () => {
    const run = await runPhaseOf(`async main({ log }) {
      for (let i = 1; i <= 12; i += 1) log.warning('no. ' + i)
      return { outputs: {} }
    }`)
    expect(annotations(run.stdout)).toHaveLength(10)
    expect(run.stdout).toMatch(/^Warning 11: no\. 11\nWarning 12: no\. 12$/m)
  })

  it('runs without a summary file', async () => {
    const run = await runPhaseOf(`async main() { return { outputs: {}, summary: 'x' } }`, {
      env: { GITHUB_STEP_SUMMARY: '' },
    })
    expect(run).toMatchObject({ exitCode: 0, stdout: '', stderr: '' })
  })

  it('cuts a summary of more than 1 MiB at the end of a line', async () => {
    const run = await runPhaseOf(
      `async main() { return { outputs: {}, summary: 'ß'.repeat(99).concat('\\n').repeat(9000) } }`,
    )
    expect(Buffer.byteLength(run.summary)).toBeLessThanOrEqual(1024 * 1024)
    expect(Buffer.byteLength(run.summary)).toBeGreaterThan(1024 * 1024 - 300)
    expect(run.summary).toMatch(/ß{99}\n\n_The rest was cut: [^\n]*_\n$/)
    expect(run.summary).not.toContain('\ufffd')
  })
})

describe('a step that fails', () => {
  it('has one annotation, after its outputs, and a summary that says what to do next', async () => {
    const run = await runPhaseOf(`async main() {
      return {
        outputs: { verdict: 'fail' },
        failure: new OperatorError('DUMP_FAILED', 'pg_dump ended with 1: no space, 5 % done', { hint: 'Try again.' }),
      }
    }`)
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toEqual({ verdict: 'fail' })
    expect(annotations(run.stdout)).toEqual([
      'error test-action: DUMP_FAILED: pg_dump ended with 1: no space, 5 % done\nTry again.',
    ])
    expect(run.summary).toBe(
      '## ❌ test-action failed\n\n**<code>DUMP_FAILED</code>** pg_dump ended with 1: no space, 5 % done\n\n' +
        '### What to do next\n\nTry again.\n',
    )
  })

  it('shows the causes as plain lines, without a stack trace', async () => {
    const run = await runPhaseOf(`async main() {
      const inner = new Error('connect ECONNREFUSED')
      throw new OperatorError('STORE_UNREACHABLE', 'No answer.', { cause: new TypeError('fetch failed', { cause: inner }) })
    }`)
    expect(run.stdout.split('\n')).toEqual([
      '  caused by TypeError: fetch failed',
      '  caused by Error: connect ECONNREFUSED',
      '::error title=test-action%3A STORE_UNREACHABLE::No answer.',
      '',
    ])
    expect(run.stderr).toBe('')
  })

  it('keeps its own summary when it has one', async () => {
    const run = await runPhaseOf(`async main() {
      return { outputs: {}, summary: '## Drill: fail', failure: new OperatorError('DUMP_FAILED', 'x') }
    }`)
    expect(run.summary).toBe('## Drill: fail\n')
  })

  it('lists problems as a list', async () => {
    const run = await runPhaseOf(
      `async main() { throw new OperatorError('INVALID_INPUT', '2 inputs are wrong:\\n- a_b: *\\n- c: d') }`,
    )
    expect(run.summary).toContain('2 inputs are wrong:\n- a_b: &#42;\n- c: d\n')
  })

  test.each([
    ['an error of ours', `throw new TypeError('x is not a function')`],
    [
      'an error that nobody awaits',
      `Promise.reject(new TypeError('x is not a function')); await new Promise(() => {})`,
    ],
    [
      'an error in an event',
      `setTimeout(() => { throw new TypeError('x is not a function') }); await forever()`,
    ],
    [
      'an error in an event, although the work ends well',
      `setTimeout(() => { throw new TypeError('x is not a function') }); await new Promise(end => setTimeout(end, 200))
       return { outputs: { never: 1 } }`,
    ],
  ])('says that it is a defect, with the stack: %s', async (_, code) => {
    const run = await runPhaseOf(`async main({ signal }) {
      const forever = () => new Promise((_, reject) => {
        const timer = setInterval(() => {}, 1000)
        signal.addEventListener('abort', () => { clearInterval(timer); reject(signal.reason) })
      })
      ${code}
    }`)
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toEqual({})
    expect(annotations(run.stdout)).toEqual([
      'error test-action: INTERNAL: This should not happen: x is not a function\n' +
        'Please report it with the log of this step.',
    ])
    expect(run.stdout).toContain('caused by TypeError: x is not a function\n')
    expect(run.stdout).toMatch(/^ {4}at /m)
    expect(run.stderr).toBe('')
  })

  it('fails when the work comes to a halt, instead of ending without a word', async () => {
    const run = await runPhaseOf(`async main() { await new Promise(() => {}) }`)
    expect(run.exitCode).toBe(1)
    expect(annotations(run.stdout)).toEqual([
      expect.stringContaining('came to a halt before its work was done'),
    ])
  })

  it('gives up on work that does not clean up after a stray error', async () => {
    const run = await runPhaseOf(
      `async main() {
        setTimeout(() => { throw new Error('lost') })
        await new Promise(() => setInterval(() => {}, 1000))
      }`,
      { limits: { cleanUpMs: 300, openMs: 300 } },
    )
    expect(run.exitCode).toBe(1)
    expect(annotations(run.stdout)).toEqual([
      expect.stringContaining('INTERNAL: This should not happen: lost'),
    ])
  })

  it('allows 7.5 s for clean-up like the runner, and 5 s for open handles', () => {
    expect(END_LIMITS).toEqual({ cleanUpMs: 7500, openMs: 5000 })
  })

  it('calls a full disk a full disk', async () => {
    const run = await runPhaseOf(`async main() {
      const { writeFile } = await import('node:fs/promises')
      await writeFile('/dev/full', 'x')
    }`)
    expect(annotations(run.stdout)).toEqual([
      expect.stringMatching(/^error test-action: DISK_FULL: The disk filled up: ENOSPC.*\nFree /s),
    ])
  })

  it('shows the first failure when the clean-up after it fails too', async () => {
    const run = await runPhaseOf(`async main() {
      const left = new OperatorError('UPLOAD_NOT_CLEANED', 'An upload is left.', { hint: 'Remove it.' })
      throw new SuppressedError(left, new OperatorError('DUMP_FAILED', 'pg_dump died.'))
    }`)
    expect(annotations(run.stdout)).toEqual([
      'warning : Clean-up was not complete: An upload is left. Remove it.',
      'error test-action: DUMP_FAILED: pg_dump died.',
    ])
  })
})

describe('a cancelled job', () => {
  const CANCELLABLE = `async main({ log, signal }) {
    const timer = setInterval(() => {}, 1000)
    const cancelled = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    log.info('working')
    try { await cancelled } finally { clearInterval(timer); log.info('cleaned up') }
  }`

  test.each(['SIGINT', 'SIGTERM'] as const)('aborts the work on %s, which then cleans up', async name => {
    const run = await runPhaseOf(CANCELLABLE, {
      meanwhile: async (child, stdout) => {
        while (!stdout().includes('working')) await setTimeout(20)
        child.kill(name)
        child.kill('SIGINT')
      },
    })
    expect(run.exitCode).toBe(1)
    expect(run.stdout).toContain('cleaned up\n')
    expect(annotations(run.stdout)).toEqual([
      'error test-action: CANCELLED: The job was cancelled.\nRun it again when it suits you.',
    ])
  })
})

describe('the state', () => {
  it('goes from main to post as it was', async () => {
    using workspace = new Workspace()
    const value = { pid: 7, names: ['a\nb', 'ü'] }
    const main = await workspace.run(
      `async main({ state }) { state.save('server', ${JSON.stringify(value)}); return { outputs: {} } }`,
    )
    const post = await workspace.run(
      `async main() {}, async post({ state, log }) { log.info(JSON.stringify([state.read('server'), state.read('none') ?? null])) }`,
      { phase: 'post', env: { STATE_server: main.state.server ?? '' } },
    )
    expect(JSON.parse(post.stdout)).toEqual([value, null])
  })
})
