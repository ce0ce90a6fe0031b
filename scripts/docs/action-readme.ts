import { type Described, describe, renderDefault, renderTable, replaceBetween } from './table.ts'

export interface ActionManifest {
  readonly inputs?: Readonly<Record<string, Input>>
  readonly outputs?: Readonly<Record<string, Described>>
}

interface Input extends Described {
  readonly required?: boolean
  readonly default?: string
}

/** A README of an action with its two tables replaced. Throws where a marker or a description is missing. */
export function renderReadme(file: string, readme: string, manifest: ActionManifest): string {
  const inputs = Object.entries(manifest.inputs ?? {}).map(([name, input]) => [
    `\`${name}\``,
    describe(file, name, input),
    renderDefault(input.required, input.default),
  ])
  const outputs = Object.entries(manifest.outputs ?? {}).map(([name, output]) => [
    `\`${name}\``,
    describe(file, name, output),
  ])
  const withInputs = replaceBetween(
    file,
    readme,
    'inputs',
    renderTable(['Input', 'What it is', 'Default'], inputs),
  )
  return replaceBetween(file, withInputs, 'outputs', renderTable(['Output', 'What it is'], outputs))
}
