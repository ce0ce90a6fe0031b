import type { Connection } from '../../core/pg/connection.ts'
import { connect } from './connect.ts'
import { beginSession, type Session } from './session.ts'

/** Two reading sessions of one piece of work. Disposing ends both. */
interface SessionPair extends AsyncDisposable {
  readonly first: Session
  /** Waits until the other one is open too. There is none through a shared pooler. */
  second(): Promise<Session>
}

/**
 * Opens two sessions side by side: far from the server each waits for it seven times. The second one logs
 * in after the first has, so that a wrong password is tried once: some hosts ban an address after the second
 * try. It asks nothing before the first one is open, which may be looking for a pooler. `settings` are those
 * of the second. Throws what openSession throws.
 */
export async function openSessionPair(
  connection: Connection,
  signal: AbortSignal,
  settings: Readonly<Record<string, string>>,
): Promise<SessionPair> {
  const giveUp = new AbortController()
  const either = AbortSignal.any([signal, giveUp.signal])
  const connecting = connect(connection, signal)
  const further = connect(connection, either, connecting)
  further.catch(() => {})
  const abandon = async () => {
    giveUp.abort()
    await further.then(({ hangUp }) => hangUp()).catch(() => {})
  }
  const first = await connecting
    .then(link => beginSession(connection, link, signal, 'reading'))
    .catch(async error => {
      await abandon()
      throw error
    })
  if (first.isShared) await abandon()
  let isOpen = false
  const openSecond = async () => {
    // What failed side by side may pass alone: its time ran while it waited for the first one.
    const link = await further.catch(() => connect(connection, either))
    const second = await beginSession(connection, link, either, 'reading', settings)
    isOpen = true
    return second
  }
  const opening = openSecond()
  opening.catch(() => {})
  return {
    first,
    second: () => opening,
    async [Symbol.asyncDispose]() {
      if (!isOpen) giveUp.abort()
      const second = await opening.catch(() => undefined)
      await Promise.all([first, second].map(session => session?.[Symbol.asyncDispose]()))
    },
  }
}
