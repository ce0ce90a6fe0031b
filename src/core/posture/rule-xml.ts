import type { LifecycleRule, StoredRule } from './lifecycle-rule.ts'

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** The XML of one rule of ours. */
export function renderRule(rule: LifecycleRule): string {
  const { ID = '', Status = '', Filter, Transitions = [] } = rule
  const noncurrent = rule.NoncurrentVersionExpiration?.NoncurrentDays
  const abort = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation
  return element('Rule', [
    element('ID', [escapeXml(ID)]),
    element('Filter', [element('Prefix', [escapeXml(Filter?.Prefix ?? '')])]),
    element('Status', [escapeXml(Status)]),
    ...Transitions.map(({ Days, StorageClass = '' }) =>
      element('Transition', [
        element('Days', [String(Days)]),
        element('StorageClass', [escapeXml(StorageClass)]),
      ]),
    ),
    noncurrent === undefined
      ? ''
      : element('NoncurrentVersionExpiration', [element('NoncurrentDays', [String(noncurrent)])]),
    abort === undefined
      ? ''
      : element('AbortIncompleteMultipartUpload', [element('DaysAfterInitiation', [String(abort)])]),
  ])
}

/** The document that a store takes. */
export function renderLifecycle(rules: readonly StoredRule[]): string {
  const texts = rules.map(({ xml }) => xml).join('')
  return `<LifecycleConfiguration xmlns="${NAMESPACE}">${texts}</LifecycleConfiguration>`
}

/**
 * The rules of a document as texts, in their order. Undefined where it has another form, as that of Google: a
 * rule of Action and Condition.
 */
export function splitRules(xml: string): readonly string[] | undefined {
  const rules = [...xml.matchAll(/<Rule>[\s\S]*?<\/Rule>/g)].map(([text]) => text)
  const opened = xml.match(/<Rule[\s>/]/g) ?? []
  const isForeignForm = opened.length !== rules.length || rules.some(rule => !rule.includes('<Status>'))
  return isForeignForm ? undefined : rules
}

function element(name: string, content: readonly string[]): string {
  return `<${name}>${content.join('')}</${name}>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, character => ENTITIES[character] ?? character)
}
