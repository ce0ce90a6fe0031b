/**
 * Builds dist/: tsc → lib/, ncc → one bundle with its licences, and a stub per action and phase. `--out DIR`
 * for another place.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'

const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } })
const out = resolve(values.out)

mkdirSync('lib', { recursive: true })
// A stage of its own lets two builds run at once. ncc runs inside it: the bundle names modules relative to
// its working directory, so it is the same for any name of the stage.
const stage = mkdtempSync(join('lib', 'build-'))
try {
  run('tsc', ['--project', 'tsconfig.build.json', '--outDir', join(stage, 'lib')])
  rmSync(out, { recursive: true, force: true })
  run('ncc', ['build', 'lib/main.js', '--out', out, '--license', 'licenses.txt', '--quiet'], stage)
} finally {
  rmSync(stage, { recursive: true })
}
for (const name of readdirSync('actions')) writeStubs(name)

function writeStubs(name: string): void {
  const { runs } = parse(readFileSync(join('actions', name, 'action.yml'), 'utf8'))
  mkdirSync(join(out, name))
  for (const phase of ['main', 'post']) {
    if (runs[phase] === undefined) continue
    writeFileSync(
      join(out, name, `${phase}.js`),
      `import { runAction } from '../index.js'\n\nawait runAction('${name}', '${phase}')\n`,
    )
  }
}

function run(tool: string, args: readonly string[], cwd = '.'): void {
  execFileSync(resolve('node_modules', '.bin', tool), args, { stdio: 'inherit', cwd })
}
