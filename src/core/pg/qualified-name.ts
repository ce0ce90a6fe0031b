/** A table, view, sequence or function by its schema and name, both as the server keeps them. */
export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

/** Things of a schema by their key. */
export function byKey<T extends QualifiedName>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map(item => [keyOf(item), item]))
}

/** Unlike `schema.name`, which two things may share when a name has a dot. */
export function keyOf({ schema, name }: QualifiedName): string {
  return JSON.stringify([schema, name])
}
