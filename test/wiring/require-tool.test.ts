import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { requireTool } from '../../src/wiring/require-tool.ts'

it('warns once about a pg_restore below the security floor, in the words of the dump', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  const path = join(directory, 'pg_restore')
  await writeFile(path, '#!/bin/sh\necho "pg_restore (PostgreSQL) 18.6"\n')
  await chmod(path, 0o755)
  const warnings: string[] = []
  const context = {
    environment: { variables: { PATH: directory } },
    log: { warning: (text: string) => warnings.push(text) },
  } as unknown as Parameters<typeof requireTool>[0]

  await requireTool(context, 'pg_restore', 18)
  await requireTool(context, 'pg_restore', 18)
  await rm(directory, { recursive: true })

  expect(warnings).toEqual(['pg_restore 18.6 lacks security fixes of 18.7. Run setup-pg18 before this step.'])
})
