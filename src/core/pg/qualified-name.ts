interface Named {
  readonly schema: string
  readonly name: string
}

/** Things of a schema by their key. */
export function byKey<T extends Named>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map(item => [keyOf(item), item]))
}

/** Unlike `schema.name`, which two things may share when a name has a dot. */
export function keyOf({ schema, name }: Named): string {
  return JSON.stringify([schema, name])
}
