import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Programs that printed commands call. */
const PROGRAMS = ['aws', 'gh', 'psql', 'pg_restore', 'pg_dump', 'sha256sum']

/** Notes its words, takes its input, and succeeds. */
const RECORD = `#!/bin/sh
{ printf '%s\\0' "\${0##*/}" "$@"; printf '\\1\\0'; } >> "$COMMANDS"
case "\${0##*/} $*" in
  *--list*) echo '1; 1 1 TABLE public users logi' ;;
  *' -'|*--check*|psql*|'pg_restore --exit'*) cat > /dev/null ;; esac
`

export interface RecordedScript {
  /** Each call, word by word. */
  readonly calls: ReadonlyArray<readonly string[]>
  /** Whether something in the text ran that is no command of ours. */
  readonly ranSomethingElse: boolean
}

/**
 * Runs a script in bash as an operator pastes it, with programs that note what they were called with: a store
 * or a server of a hostile answer would refuse most of it before it could do harm.
 */
export function recordCommands(script: string): RecordedScript {
  const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-pasted-'))
  try {
    const programs = join(directory, 'programs')
    const place = join(directory, 'place')
    for (const path of [programs, place]) mkdirSync(path)
    for (const name of PROGRAMS) {
      writeFileSync(join(programs, name), RECORD)
      chmodSync(join(programs, name), 0o755)
    }
    const log = join(directory, 'commands')
    writeFileSync(log, '')
    const env = {
      PATH: `${programs}:/usr/bin:/bin`,
      HOME: place,
      COMMANDS: log,
      TARGET_URL: 'postgresql://target',
    }
    execFileSync('bash', ['-ec', script], { cwd: place, env, stdio: ['ignore', 'ignore', 'pipe'] })
    const words = readFileSync(log, 'utf8').split('\0').slice(0, -1)
    const calls: string[][] = [[]]
    for (const word of words) {
      if (word === '\u0001') calls.push([])
      else calls.at(-1)?.push(word)
    }
    return { calls: calls.slice(0, -1), ranSomethingElse: existsSync(join(place, 'pwned')) }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Every block of shell in a page, as its copy button gives it. */
export function shellBlocksOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^(`{3,})(?:ba)?sh\n(.*?)\n\1$/gms)].map(([, , block = '']) => block)
}
