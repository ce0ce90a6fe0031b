import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { annotations, type PhaseOptions, type PhaseRun, runPhaseOf } from '../support/phase.ts'

/** Reads a connection in a process of its own; outputs what is not secret. */
function readIn(options: PhaseOptions): Promise<PhaseRun> {
  const module = JSON.stringify(resolve('src/runner/connection-input.ts'))
  return runPhaseOf(
    `async main({ inputs, environment, log }) {
      const { readConnection } = await import(${module})
      const connection = readConnection(inputs, environment, 'database-url')
      inputs.finish({})
      log.info(JSON.stringify(connection))
      const { host, user, database } = connection
      return { outputs: { host, user, database, length: connection.password?.reveal().length ?? 0 } }
    }`,
    options,
  )
}

const PASSWORD = 'p@ss:w/rd %'
const ENCODED = encodeURIComponent(PASSWORD)

describe('the connection of a step', () => {
  it('masks the password of the URL in both spellings before it prints anything', async () => {
    const run = await readIn({
      inputs: { 'database-url': `postgresql://backup:${ENCODED}@db.example:5433/logi` },
    })
    expect(run.outputs).toEqual({ host: 'db.example', user: 'backup', database: 'logi', length: '11' })
    const lines = run.stdout.trimEnd().split('\n')
    const masked = lines.filter(line => line.startsWith('::add-mask::'))
    expect(masked).toContain(`::add-mask::${PASSWORD.replaceAll('%', '%25')}`)
    expect(masked).toContain(`::add-mask::${ENCODED.replaceAll('%', '%25')}`)
    expect(lines.slice(masked.length).join()).not.toContain('p@ss')
    expect(
      masked.some(line => ['backup', 'logi', 'db.example'].some(name => line.endsWith(`::${name}`))),
    ).toBe(false)
  })

  it('comes from the PG* variables where no URL is given, masked alike', async () => {
    const env = { PGHOST: 'db', PGUSER: 'backup', PGDATABASE: 'logi', PGPASSWORD: PASSWORD }
    const run = await readIn({ env })
    expect(run.outputs).toEqual({ host: 'db', user: 'backup', database: 'logi', length: '11' })
    expect(run.stdout).toContain(`::add-mask::${PASSWORD.replaceAll('%', '%25')}`)
  })

  it('is refused without showing the URL', async () => {
    const run = await readIn({ inputs: { 'database-url': 'mysql://backup:hunter2@db/logi' } })
    const [annotation = '', ...more] = annotations(run.stdout)
    expect(annotation).toContain('INVALID_INPUT: database-url: ')
    expect(annotation).not.toContain('hunter2')
    expect(more).toEqual([])
    expect(run.summary).not.toContain('hunter2')
  })
})
