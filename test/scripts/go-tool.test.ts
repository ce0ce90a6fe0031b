import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findGoTool } from '../../scripts/workflows/go-tool.ts'

const ACT = {
  name: 'act',
  module: 'github.com/nektos/act',
  version: 'v0.2.87',
  versionArguments: ['--version'],
}

describe('a tool from a Go module', () => {
  let directory = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pg-runbook-go-'))
    chmodSync(directory, 0o711)
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  function find() {
    return findGoTool(ACT, () => undefined, { path: directory, goDirectories: [], directory })
  }

  function install(name: string, script: string): void {
    writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }

  it('is asked for where there is neither Go nor the tool', async () => {
    await expect(find()).rejects.toThrow(/neither a Go toolchain .* nor act on the PATH\. Install Go/)
  })

  it('is taken from the PATH when it is not older', async () => {
    install('act', 'echo act version 0.2.100')
    expect(await find()).toEqual({
      path: join(directory, 'act'),
      version: '0.2.100',
      origin: 'from the PATH',
    })
  })

  it('is refused when it is older', async () => {
    install('act', 'echo act version 0.2.9')
    await expect(find()).rejects.toThrow('is act 0.2.9; v0.2.87 or newer is needed')
  })

  it('is built by Go once, and kept', async () => {
    install(
      'go',
      'echo "$@" >> "$(dirname "$0")/calls"; printf "#!/bin/sh\\n" > "$GOBIN/act"; chmod +x "$GOBIN/act"',
    )
    const [first, second] = [await find(), await find()]
    expect(first.origin).toMatch(/^built with .*go in \d+ s$/)
    expect(second).toMatchObject({ path: first.path, origin: 'built before' })
  })
})
