import { vi } from 'vitest'
import { ToolCache } from '../../../src/postgres/install/tool-cache.ts'

/** The runner's tool cache, there: @actions/tool-cache looks into the environment for it. */
export function runnerCache(directory: string): ToolCache {
  vi.stubEnv('RUNNER_TOOL_CACHE', directory)
  return ToolCache.ofRunner(directory)
}
