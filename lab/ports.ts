import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** A TCP port of the loopback interface without a listener at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  return address.port
}

/** Whether something accepts connections there. */
export async function answers(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** A range of ports below the kernel's ephemeral ones. The user takes those that are free. */
export function randomRange(size: number): { readonly first: number; readonly last: number } {
  const first = randomInt(20_000, 32_000 - size)
  return { first, last: first + size - 1 }
}
