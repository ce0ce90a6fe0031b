import { OperatorError } from '../core/errors.ts'
import { findTool, type Tool, type ToolName } from '../postgres/client-tools/find-tool.ts'
import type { ActionContext } from '../runner/action.ts'

/** A program of PostgreSQL of at least that major. Throws TOOL_MISSING. */
export async function requireTool(
  { environment }: ActionContext,
  name: ToolName,
  atLeastMajor: number,
): Promise<Tool> {
  const tool = await findTool(name, { path: environment.variables.PATH ?? '', atLeastMajor })
  if (tool !== undefined) return tool
  throw new OperatorError(
    'TOOL_MISSING',
    `There is no ${name} of PostgreSQL ${atLeastMajor} or newer on the PATH.`,
    {
      hint:
        name === 'initdb'
          ? 'Run setup-pg18 with components "client, server" before this step, or give a server by scratch-url.'
          : 'Run setup-pg18 before this step.',
    },
  )
}
