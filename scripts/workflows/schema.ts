import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { REF } from './copy.ts'

// The language service is made for bundlers: it imports JSON without saying so, which Node refuses.
registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
})

/**
 * What GitHub's own language service says against workflows and action.yml files, each as `file:line:
 * message`.
 */
export async function schemaProblems(files: readonly string[]): Promise<readonly string[]> {
  const { validate } = await import('@actions/languageservice')
  const { TextDocument } = await import('vscode-languageserver-textdocument')
  const problems = files.map(async file => {
    const document = TextDocument.create(`file:///${file}`, 'yaml', 1, readFileSync(file, 'utf8'))
    const found = await validate(document, { fileProvider: { getFileContent } })
    return found.map(({ range, message }) => `${file}:${range.start.line + 1}: ${message}`)
  })
  return (await Promise.all(problems)).flat()
}

/** Reusable workflows that examples call are ours. */
async function getFileContent(reference: { readonly path: string; readonly version?: string }) {
  if (reference.version !== undefined && reference.version !== REF)
    throw new Error(`${reference.path} is called at ${reference.version}, which is not this commit`)
  return { name: reference.path, content: readFileSync(reference.path, 'utf8') }
}
