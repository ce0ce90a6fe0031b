import { expect, it } from 'vitest'
import { readBody } from '../../src/net/read-body.ts'

it('reads a body to its end', async () => {
  expect(await readBody(new Response('a\u00e9b'))).toBe('a\u00e9b')
  expect(await readBody(new Response(null))).toBe('')
})

it('stops a body that does not end, and its request with it', async () => {
  let isCancelled = false
  const endless = new ReadableStream({
    pull: controller => controller.enqueue(new Uint8Array(1000)),
    cancel: () => {
      isCancelled = true
    },
  })
  await expect(readBody(new Response(endless), 10_000)).rejects.toThrow('more than 10000 bytes')
  expect(isCancelled).toBe(true)
})
