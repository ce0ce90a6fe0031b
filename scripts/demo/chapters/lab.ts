import { borrowLab, type Lab } from '../../../lab/lab.ts'
import type { Page } from '../page.ts'

/** Takes the lab that runs, or starts one for as long as the demo needs it. */
export async function openLab(page: Page): Promise<Lab & AsyncDisposable> {
  const log = { info: page.say, debug: () => undefined, warning: page.say }
  const lab = await borrowLab({ log: { ...log, group: (_title, work) => work() } })
  const { postgres, s3 } = lab
  page.say(`Postgres at ${postgres.host}:${postgres.port}, S3 at ${s3.endpoint}; both are real servers.`)
  return lab
}
