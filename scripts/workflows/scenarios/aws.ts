import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { DeleteObjectCommand, PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3'
import { takeBucket } from '../../../test/support/bucket.ts'
import { expectEqual } from '../expect.ts'
import { blocksOf, openShell } from '../reader.ts'
import type { Stage } from '../stage.ts'

const EXAMPLE = 'examples/aws-oidc'

interface MetadataBearer {
  readonly $metadata: { readonly httpStatusCode?: number | undefined }
}

/**
 * Every command of examples/aws-oidc in its order. Afterwards the bucket has its lifecycle, and deletes
 * nothing.
 */
export async function awsCommands(stage: Stage): Promise<void> {
  const { lab } = stage
  const bucket = `example-backups-${randomBytes(5).toString('hex')}`
  const cwd = mkdtempSync(join(stage.directory, 'aws-'))
  cpSync(EXAMPLE, cwd, { recursive: true })
  // What a reader changes, too.
  const own = (page: string) =>
    page.replaceAll('example-backups', bucket).replaceAll('eu-central-1', lab.s3.region)
  for (const file of globSync(join(cwd, '*.json'))) writeFileSync(file, own(readFileSync(file, 'utf8')))
  adaptToLab(join(cwd, 'bucket-policy.json'))
  await using iam = await startIam()
  const shell = await openShell(stage, { cwd, env: { AWS_ENDPOINT_URL_IAM: iam.url } })
  await using stack = new AsyncDisposableStack()
  const taken = stack.use(takeBucket(lab, bucket))
  // It would hold up the removal of the bucket as well.
  stack.defer(async () => void (await shell(`aws s3api delete-bucket-policy --bucket ${bucket}`)))

  const page = readFileSync(join(cwd, 'README.md'), 'utf8')
  await shell(own(blocksOf(page, 'sh').join('\n')))

  expectEqual('requests for roles', iam.requests.map(describe), [
    'CreateOpenIDConnectProvider',
    ...['backup', 'drill', 'gate', 'restore', 'retention'].flatMap(name => [
      `CreateRole app-${name} sts:AssumeRoleWithWebIdentity`,
      `PutRolePolicy app-${name} ${readActions(join(cwd, `${name}-policy.json`))}`,
    ]),
  ])

  const rules = await shell(
    `aws s3api get-bucket-lifecycle-configuration --bucket ${bucket} --query 'Rules[].ID' --output text`,
  )
  expectEqual('rules', rules.trim().split(/\s+/).toSorted(), ['abandoned-parts-away', 'archives-to-glacier'])
  await shell(`echo kept | aws s3 cp - s3://${bucket}/archives/app/a.dump`)
  const { client } = taken
  const remove = new DeleteObjectCommand({ Bucket: bucket, Key: 'archives/app/a.dump' })
  expectEqual('answer to a removal', await statusOf(client.send(remove)), 403)
  const noRules = new PutBucketLifecycleConfigurationCommand({
    Bucket: bucket,
    LifecycleConfiguration: { Rules: [] },
  })
  expectEqual('answer to another lifecycle', await statusOf(client.send(noRules)), 403)
}

function statusOf(request: Promise<MetadataBearer>): Promise<number | undefined> {
  return request.then(
    ({ $metadata }) => $metadata.httpStatusCode,
    ({ $metadata }: MetadataBearer) => $metadata.httpStatusCode,
  )
}

/**
 * The lab's store has no TLS, so the statement that requires it would deny everything; and it does not know
 * aws:PrincipalArn, so no role matches the exceptions of the others.
 */
function adaptToLab(file: string): void {
  const { Statement, ...policy } = JSON.parse(readFileSync(file, 'utf8'))
  const [tls, { Condition, ...deletes }, { Condition: _, ...changes }, ...more] = Statement
  const sids = [tls.Sid, deletes.Sid, changes.Sid, ...more]
  expectEqual('statements', sids, [
    'NothingWithoutTls',
    'OnlyRetentionDeletes',
    'OnlyBreakGlassChangesTheBucket',
  ])
  const { 'aws:PrincipalArn': roles, ...others } = Condition.ArnNotLike
  expectEqual('other conditions', others, {})
  expectEqual(
    'roles that may delete',
    roles.map((role: string) => role.replace(/^.*:role\//, '')),
    ['app-retention', 'backup-break-glass'],
  )
  writeFileSync(file, JSON.stringify({ ...policy, Statement: [deletes, changes] }))
}

/** What was asked for, with the actions of the policy that came along. */
function describe(request: URLSearchParams): string {
  const policy = request.get('AssumeRolePolicyDocument') ?? request.get('PolicyDocument')
  return [request.get('Action'), request.get('RoleName'), policy && actionsIn(policy)]
    .filter(part => part !== null)
    .join(' ')
}

function readActions(file: string): string {
  return actionsIn(readFileSync(file, 'utf8'))
}

function actionsIn(policy: string): string {
  return JSON.parse(policy)
    .Statement.flatMap(({ Action }: { Action: unknown }) => Action)
    .join()
}

interface Iam extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly URLSearchParams[]
}

/** AWS's service for roles cannot be run here: this one says yes to everything, and notes it. */
async function startIam(): Promise<Iam> {
  const requests: URLSearchParams[] = []
  const server = createServer(async (request, response) => {
    const asked = new URLSearchParams(await text(request))
    requests.push(asked)
    const name = asked.get('Action')
    const answer = `<${name}Response><${name}Result/></${name}Response>`
    response.writeHead(200, { 'Content-Type': 'text/xml' }).end(answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
