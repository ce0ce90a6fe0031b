/** A line that leaves nothing at run time: types, imports, re-exports, comments, what is indented. */
const ERASED = /^(?:import\b|(?:export )?(?:type|interface)\b|export (?:\*|\{)|\/[/*]| |[)\]}>]|$)/

/**
 * Modules of `src/core` without a test at the mirrored path: `src/core/a/b.ts` has its test in
 * `test/core/a/b.test.ts`. Modules with nothing but types and re-exports need none. `sources` maps every file
 * to its text.
 */
export function untestedModules(sources: ReadonlyMap<string, string>): readonly string[] {
  return [...sources]
    .filter(([file, text]) => file.startsWith('src/core/') && hasBehaviour(text))
    .map(([file]) => file)
    .filter(file => !sources.has(file.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts')))
}

/** Biome indents everything but the first line of a top-level statement, and what closes it. */
function hasBehaviour(text: string): boolean {
  return text.split('\n').some(line => !ERASED.test(line))
}
