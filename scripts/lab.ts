/**
 * `npm run lab -- up | down | status`: Postgres 18 and an S3 store on loopback, from Debian packages, without
 * root and without touching the system. `up` prints shell exports: eval "$(npm run -s lab -- up)".
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { type Lab, labDown, labKeep, labStatus } from '../lab/lab.ts'
import { labLog } from '../lab/log.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { packages: { type: 'boolean', default: false } },
})

switch (positionals[0]) {
  case 'up':
    await up()
    break
  case 'down':
    await labDown({ removePackages: values.packages })
    labLog.info(values.packages ? 'stopped, data and packages removed' : 'stopped, data removed')
    break
  case 'status':
    await status()
    break
  default:
    process.stderr.write('Usage: npm run lab -- up | down [--packages] | status\n')
    process.exitCode = 2
}

async function up(): Promise<void> {
  const before = Date.now()
  const lab = await labKeep()
  labLog.info(
    `Postgres ${lab.postgres.host}:${lab.postgres.port}, S3 ${lab.s3.endpoint}, ${Date.now() - before} ms`,
  )
  for (const [name, value] of Object.entries(variables(lab))) {
    process.stdout.write(`export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
  }
}

async function status(): Promise<void> {
  const { directory, running } = await labStatus()
  const services = Object.entries(running).map(([name, port]) => `${name} on port ${port}`)
  process.stdout.write(`${directory}: ${services.join(', ') || 'nothing runs'}\n`)
}

/**
 * The usual variables of Postgres and AWS clients. The credentials are the lab's own and open nothing else.
 */
function variables({ postgres, s3 }: Lab): Record<string, string> {
  return {
    PGHOST: postgres.host,
    PGPORT: String(postgres.port),
    PGUSER: postgres.user,
    PGPASSWORD: postgres.password,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
}
