import { oneRow, type Session } from './session.ts'

interface Question {
  readonly sql: string
  readonly resolve: (rows: Record<string, string | null>[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Lets several reads ask in one round trip: what they ask at the same moment goes to the server as one text,
 * in order. Each text must be one statement. The first that fails fails all of them. Values cannot be sent
 * so, and go alone.
 */
export async function inOneRoundTrip<T extends readonly unknown[]>(
  session: Session,
  read: (session: Session) => { readonly [K in keyof T]: Promise<T[K]> },
): Promise<T> {
  let waiting: Question[] = []
  const send = async () => {
    const questions = waiting
    waiting = []
    try {
      const results = await session.all(questions.map(({ sql }) => sql))
      for (const [i, { resolve }] of questions.entries()) resolve(results[i] ?? [])
    } catch (error) {
      for (const { reject } of questions) reject(error)
    }
  }
  const rows: Session['rows'] = async <Row extends Record<string, string | null>>(
    sql: string,
    values: readonly unknown[] = [],
  ) => {
    if (values.length > 0) return await session.rows<Row>(sql, values)
    const answer = Promise.withResolvers<Record<string, string | null>[]>()
    waiting.push({ sql, ...answer })
    if (waiting.length === 1) queueMicrotask(send)
    return (await answer.promise) as Row[]
  }
  return (await Promise.all(read({ ...session, rows, row: oneRow(rows) }))) as unknown as T
}
