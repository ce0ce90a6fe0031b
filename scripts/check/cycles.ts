/**
 * Files that import each other in a circle, type-only imports included: such files cannot be read one at a
 * time.
 */
import { posix } from 'node:path'

/** The relative imports and re-exports of a source text. */
const RELATIVE_IMPORT = /\bfrom\s*'(\.[^']+)'/g

/**
 * Each circle once, as `a.ts → b.ts → a.ts`, starting with the file that sorts first. `sources` maps paths to
 * texts.
 */
export function importCycles(sources: ReadonlyMap<string, string>): readonly string[] {
  const cycles = new Set<string>()
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file)
    if (start !== -1) cycles.add(renderCycle(path.slice(start)))
    if (start !== -1 || done.has(file)) return
    for (const target of targets(file, sources)) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of sources.keys()) visit(file, [])
  return [...cycles].toSorted()
}

function targets(file: string, sources: ReadonlyMap<string, string>): readonly string[] {
  const found = [...(sources.get(file) ?? '').matchAll(RELATIVE_IMPORT)]
  return found
    .map(([, from = '']) => posix.join(posix.dirname(file), from))
    .filter(target => sources.has(target))
}

function renderCycle(cycle: readonly string[]): string {
  const first = cycle.indexOf([...cycle].toSorted()[0] ?? '')
  return [...cycle.slice(first), ...cycle.slice(0, first + 1)].join(' → ')
}
