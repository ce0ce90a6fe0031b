import type { Definition } from '../../core/backup/manifest.ts'
import type { Definitions, RestoredDefinitions } from '../../core/checks/definitions.ts'
import { fromVersionNumber } from '../../core/pg/version.ts'
import type { Session } from '../session/session.ts'
import { definitionsQuery } from './definition-queries.ts'

/** hashtextextended and pg_proc.prokind are new in it. */
const OLDEST = 110_000

/**
 * Every object of the users' schemas with a hash of its definition, as PostgreSQL writes it under the pinned
 * settings, sorted.
 */
export async function readDefinitions(session: Session): Promise<RestoredDefinitions> {
  const { version } = session
  const serverMajor = fromVersionNumber(version).major
  if (version < OLDEST) return { serverMajor, definitions: null }
  const rows = await session.rows<PackedRow>(definitionsQuery(version))
  return { serverMajor, definitions: new PackedDefinitions(rows) }
}

type PackedRow = Record<'kind' | 'pairs' | 'count', string>

/** Keeps the text that the server sent: objects of it would take several times its memory. */
class PackedDefinitions implements Definitions {
  readonly length: number
  readonly #rows: readonly PackedRow[]

  constructor(rows: readonly PackedRow[]) {
    this.#rows = rows
    this.length = rows.reduce((sum, { count }) => sum + Number(count), 0)
  }

  *[Symbol.iterator](): Generator<Definition> {
    for (const { kind, pairs } of this.#rows)
      for (const [name, hash] of JSON.parse(pairs) as ReadonlyArray<[string, string]>)
        yield { kind, name, hash }
  }
}
