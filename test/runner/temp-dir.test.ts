import { writeFileSync } from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, test } from 'vitest'
import { annotations, runPhaseOf, Workspace } from '../support/phase.ts'

describe('temporary directories', () => {
  const TWO = `const [a, b] = [await context.createTempDir(), await context.createTempDir()]`

  it('are private to the user and removed at the end of the phase', async () => {
    using workspace = new Workspace()
    const run = await workspace.run(
      `async main(context) {
        ${TWO}
        const { statSync, writeFileSync } = await import('node:fs')
        writeFileSync(a.path + '/passfile', 'x')
        return { outputs: { a: a.path, b: b.path, mode: (statSync(a.path).mode & 0o777).toString(8) } }
      }`,
    )
    expect(run.outputs.mode).toBe('700')
    expect(run.outputs.a).toMatch(new RegExp(`^${workspace.temp}/pg-runbook-`))
    expect(run.outputs.b).not.toBe(run.outputs.a)
    expect(run.left).toEqual([])
  })

  it('are removed after a failure, also when one was removed already', async () => {
    const run = await runPhaseOf(`async main(context) {
      await using mine = await context.createTempDir()
      ${TWO}
      throw new OperatorError('DUMP_FAILED', 'x')
    }`)
    expect(run.left).toEqual([])
    expect(annotations(run.stdout)).toHaveLength(1)
  })

  it('are removed by the post phase when main was killed', async () => {
    using workspace = new Workspace()
    const main = await workspace.run(
      `async main(context) { ${TWO}; context.log.info('ready'); setInterval(() => {}, 1000); await new Promise(() => {}) }`,
      {
        meanwhile: async (child, stdout) => {
          while (!stdout().includes('ready')) await setTimeout(20)
          child.kill('SIGKILL')
        },
      },
    )
    expect(main.exitCode).toBeNull()
    expect(main.left).toHaveLength(2)
    const env = Object.fromEntries(
      Object.entries(main.state).map(([name, value]) => [`STATE_${name}`, value]),
    )
    const post = await workspace.run('async main() {}', { phase: 'post', env })
    expect(post).toMatchObject({ exitCode: 0, stdout: '', left: [] })
  })

  it('are removed even when the post phase fails', async () => {
    using workspace = new Workspace()
    await mkdir(join(workspace.temp, 'pg-runbook-left'))
    const env = { 'STATE_temp-dirs': JSON.stringify([join(workspace.temp, 'pg-runbook-left')]) }
    const post = await workspace.run(`async main() {}, async post() { throw new Error('x') }`, {
      phase: 'post',
      env,
    })
    expect(post).toMatchObject({ exitCode: 1, left: [] })
  })

  test.each([
    ['not ours', (path: string) => JSON.stringify([path])],
    ['a text', (path: string) => JSON.stringify(path)],
    ['no path', () => '[17]'],
  ])('stay when the saved state names other paths: %s', async (_, state) => {
    using workspace = new Workspace()
    const precious = join(workspace.temp, 'precious')
    await mkdir(precious)
    writeFileSync(join(precious, 'data'), 'x')
    const env = { 'STATE_temp-dirs': state(precious) }
    const post = await workspace.run('async main() {}', { phase: 'post', env })
    expect(post.exitCode).toBe(0)
    expect(await readdir(precious)).toEqual(['data'])
    expect((await stat(precious)).isDirectory()).toBe(true)
  })
})
