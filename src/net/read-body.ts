/** More than any answer of an API has that we ask. */
const MAX_BYTES = 16 * 1024 * 1024

/** The text of an answer up to a limit, as a server may send without end. Throws a RangeError beyond it. */
export async function readBody({ body }: Response, maxBytes = MAX_BYTES): Promise<string> {
  if (body === null) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop cancels the stream, and so the request.
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new RangeError(`the answer has more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
