import { OperatorError } from '../core/errors.ts'
import { describeBelowFloor } from '../core/pg/version.ts'
import { findTool, type Tool, type ToolName } from '../postgres/client-tools/find-tool.ts'
import type { ActionContext } from '../runner/action.ts'

/** Runs that were warned already, of which program. */
const warned = new WeakMap<ActionContext, Set<ToolName>>()

/**
 * A program of PostgreSQL of at least that major. Throws TOOL_MISSING. Warns below the security floor: an
 * archive can make an old pg_restore run code (CVE-2026-116314).
 */
export async function requireTool(
  context: ActionContext,
  name: ToolName,
  atLeastMajor: number,
): Promise<Tool> {
  const path = context.environment.variables.PATH ?? ''
  const tool = await findTool(name, { path, atLeastMajor })
  if (tool !== undefined) return warnBelowFloor(context, name, tool)
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

function warnBelowFloor(context: ActionContext, name: ToolName, tool: Tool): Tool {
  const names = warned.get(context) ?? new Set<ToolName>()
  const problem = describeBelowFloor(name, tool.version)
  if (problem !== undefined && !names.has(name)) context.log.warning(problem)
  warned.set(context, names.add(name))
  return tool
}
