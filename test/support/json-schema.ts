import type { JsonSchema } from '../../src/core/json/decode.ts'

/**
 * What in a value breaks a schema, each as `path: problem`. Knows the keywords of `JsonSchema` and refuses
 * others.
 */
export function schemaViolations(schema: JsonSchema, value: unknown, path = ''): readonly string[] {
  const { type, enum: values, pattern, minimum, maximum, items, properties, required, anyOf } = schema
  if (anyOf !== undefined)
    return anyOf.some(option => schemaViolations(option, value, path).length === 0)
      ? []
      : [`${path}: matches none of ${anyOf.length} alternatives`]
  if (type !== undefined && !hasType(type, value)) return [`${path}: is not ${type}`]
  return [
    ...(values !== undefined && !values.includes(String(value)) ? [`${path}: is not in the list`] : []),
    ...(pattern !== undefined && !new RegExp(pattern).test(String(value))
      ? [`${path}: does not match ${pattern}`]
      : []),
    ...(minimum !== undefined && Number(value) < minimum ? [`${path}: is below ${minimum}`] : []),
    ...(maximum !== undefined && Number(value) > maximum ? [`${path}: is above ${maximum}`] : []),
    ...(Array.isArray(value) && items !== undefined
      ? value.flatMap((item, i) => schemaViolations(items, item, `${path}[${i}]`))
      : []),
    ...objectViolations(properties ?? {}, required ?? [], value, path),
  ]
}

function objectViolations(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[],
  value: unknown,
  path: string,
): readonly string[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return []
  const fields = new Map<string, unknown>(Object.entries(value))
  return [
    ...required.filter(key => !fields.has(key)).map(key => `${path}.${key}: is missing`),
    ...Object.entries(properties).flatMap(([key, schema]) =>
      fields.has(key) ? schemaViolations(schema, fields.get(key), `${path}.${key}`) : [],
    ),
  ]
}

function hasType(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return value !== null && typeof value === 'object' && !Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'string':
    case 'boolean':
      return typeof value === type
    default:
      throw new Error(`This validator does not know the type ${type}`)
  }
}
