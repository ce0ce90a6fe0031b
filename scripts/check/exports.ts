import { posix } from 'node:path'

const IMPORT = /^(?:import|export)\b([^'"`;()]*?)\bfrom\s*['"](\.[^'"]+)['"]/gm
const EXPORT = /^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm

/** Exports of `src` that no other file imports, as `file: name`. `sources` maps every file to its text. */
export function deadExports(sources: ReadonlyMap<string, string>): readonly string[] {
  const used = new Set([...sources].flatMap(([file, text]) => importedNames(file, text)))
  return [...sources].flatMap(([file, text]) =>
    // The stub of each action calls what main.ts exports.
    !file.startsWith('src/') || file === 'src/main.ts' || used.has(`${file} *`)
      ? []
      : [...text.matchAll(EXPORT)].flatMap(([, name = '']) =>
          used.has(`${file} ${name}`) ? [] : `${file}: ${name}`,
        ),
  )
}

/** `src/core/text/bytes.ts renderBytes`, with `*` where a module is imported whole. */
function importedNames(file: string, text: string): readonly string[] {
  return [...text.matchAll(IMPORT)].flatMap(([, clause = '', path = '']) => {
    const target = posix.join(posix.dirname(file), path)
    const names = /\{([^}]*)\}/.exec(clause)?.[1]
    if (names === undefined) return `${target} *`
    return names.split(',').map(name => `${target} ${/^\s*(?:type\s+)?(\w*)/.exec(name)?.[1] ?? ''}`)
  })
}
