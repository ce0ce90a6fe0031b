import { type Described, describe, renderDefault, renderTable, replaceBetween } from './table.ts'

/** The interface of a reusable workflow, as its file has it below `on: workflow_call`. */
export interface WorkflowCall {
  readonly inputs?: Readonly<Record<string, WorkflowInput>>
  readonly outputs?: Readonly<Record<string, Described>>
  readonly secrets?: Readonly<Record<string, Described & { readonly required?: boolean }>>
}

interface WorkflowInput extends Described {
  readonly required?: boolean
  readonly type?: string
  readonly default?: unknown
}

/** A page with the tables of one workflow, `backup.yml` say, replaced between its markers. */
export function renderWorkflowTables(file: string, page: string, name: string, call: WorkflowCall): string {
  const inputs = Object.entries(call.inputs ?? {}).map(
    ([input, { required, default: value, ...described }]) => [
      `\`${input}\``,
      describe(name, input, described),
      renderDefault(required, value),
    ],
  )
  const secrets = Object.entries(call.secrets ?? {}).map(([secret, described]) => [
    `\`${secret}\``,
    describe(name, secret, described),
    described.required ? '**required**' : '',
  ])
  const outputs = Object.entries(call.outputs ?? {}).map(([output, described]) => [
    `\`${output}\``,
    describe(name, output, described),
  ])
  const tables = [
    renderTable(['Input', 'What it is', 'Default'], inputs),
    renderTable(['Secret', 'What it is', ''], secrets),
    ...(outputs.length === 0 ? [] : [renderTable(['Output', 'What it is'], outputs)]),
  ]
  return replaceBetween(file, page, name, tables.join('\n\n'))
}
