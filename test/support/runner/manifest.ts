import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'

/** What the runner takes from an action.yml. */
export interface ActionManifest {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>
  /** Absolute paths of the scripts, by phase. */
  readonly scripts: Readonly<Record<string, string>>
}

/** Reads `<root>/actions/<name>/action.yml`; with `dist`, the scripts come from that directory instead. */
export function readManifest(root: string, name: string, dist: string | undefined): ActionManifest {
  const file = resolve(root, 'actions', name, 'action.yml')
  const { inputs = {}, runs } = parse(readFileSync(file, 'utf8'))
  if (runs.using !== 'node24') throw new Error(`${file} runs with ${runs.using}, expected node24`)
  const scripts: Record<string, string> = {}
  for (const phase of ['main', 'post']) {
    if (runs[phase] === undefined) continue
    scripts[phase] =
      dist === undefined ? join(dirname(file), runs[phase]) : resolve(dist, name, `${phase}.js`)
  }
  return { inputs, scripts }
}

/**
 * INPUT_* variables: given values, and action.yml's defaults for the inputs that were not given. Blanks in a
 * name become underscores, hyphens stay. Throws for an input that action.yml does not have: on GitHub only a
 * warning.
 */
export function inputVariables(
  manifest: ActionManifest,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const unknown = Object.keys(given).filter(name => manifest.inputs[name] === undefined)
  if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown.join(', ')}`)
  const variables: Record<string, string> = {}
  for (const [name, { default: value = '' }] of Object.entries(manifest.inputs)) {
    variables[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = given[name] ?? literalDefault(name, value)
  }
  return variables
}

function literalDefault(name: string, value: string): string {
  if (!String(value).includes('${{')) return String(value)
  throw new Error(`The default of ${name} is an expression; give the input in the test`)
}
