import type { RenderClient } from './client.ts'

/** A database or a service, as its errors name it, and how to see whether it is suspended. */
export interface Suspendable {
  /** `/postgres/<id>` or `/services/<id>`. */
  readonly path: string
  readonly name: string
  readonly read: () => Promise<{ readonly suspended: string }>
}

/** Suspends or resumes it. Render answers 202 without a body, so a lost answer is settled by a look. */
export async function setSuspended(
  client: RenderClient,
  { path, name, read }: Suspendable,
  verb: 'suspend' | 'resume',
): Promise<void> {
  await client.post({
    path: `${path}/${verb}`,
    what: `${verb} ${name}`,
    findEffect: async () => {
      const isSuspended = (await read()).suspended === 'suspended'
      return isSuspended === (verb === 'suspend') ? true : undefined
    },
  })
}
