import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Keys } from './ceph.ts'
import { command } from './command.ts'
import { SWIFT, unpacked } from './debian-packages.ts'
import { type LabOptions, type LabS3, locked, open } from './lab.ts'
import { inRoot } from './loader.ts'
import { answers, freePort } from './ports.ts'
import { type Daemon, ensureService, type ServiceContext, type ServiceFacts, waitUntil } from './service.ts'

/** Credentials for the lab only: the account and its user, joined as s3api wants it. */
const SWIFT_KEYS: Keys = { accessKeyId: 'lab:operator', secretAccessKey: 'lab-only-swift-secret' }

const REGION = 'us-east-1'

/** The storage servers, each with a ring of one device. */
const BACKENDS = ['account', 'container', 'object'] as const

/**
 * OpenStack Swift with its S3 interface: an old and strict store that knows no flexible checksums, no
 * trailers, no conditional PUT, and 1000 parts at most. It runs until the lab is stopped.
 */
export async function startSwift(options: LabOptions = {}): Promise<LabS3> {
  const opened = await open(options)
  const root = await unpacked(opened.packages, SWIFT, opened.log)
  const directory = join(opened.services, 'swift')
  const { port } = await locked(opened, () => ensureService(directory, context => start(context, root)))
  const stranger = { accessKeyId: 'lab:nobody', secretAccessKey: 'not-a-secret' }
  return { origin: 'lab', endpoint: `http://127.0.0.1:${port}`, region: REGION, ...SWIFT_KEYS, stranger }
}

async function start(context: ServiceContext, root: string): Promise<ServiceFacts> {
  const { directory } = context
  const ports = {
    proxy: await freePort(),
    account: await freePort(),
    container: await freePort(),
    object: await freePort(),
  }
  await mkdir(join(directory, 'devices', 'd1'), { recursive: true })
  await writeFile(join(directory, 'lab_cache.py'), CACHE)
  await writeFile(join(directory, 'swift.conf'), '[swift-hash]\nswift_hash_path_suffix = lab\n')
  const env = {
    PYTHONHOME: join(root, 'usr'),
    PYTHONPATH: `${join(root, 'usr/lib/python3/dist-packages')}:${directory}`,
  }
  const python = (code: string, ...args: readonly string[]) =>
    inRoot(root, 'python3.11', ['-c', code, ...args])
  const rings = BACKENDS.map(name => `${name}:${ports[name]}`)
  await command(python(MAKE_RINGS, directory, ...rings), { env })
  const server = async (name: string, config: string) => {
    const file = join(directory, `${name}.conf`)
    await writeFile(file, config, { mode: 0o600 })
    return await context.daemon(`swift-${name}`, python(SERVE, directory, file, `${name}-server`), { env })
  }
  const daemons: Daemon[] = []
  for (const name of BACKENDS) daemons.push(await server(name, renderBackend(name, directory, ports[name])))
  daemons.push(await server('proxy', renderProxy(directory, ports.proxy)))
  const allAnswer = async () =>
    (await Promise.all(Object.values(ports).map(port => answers(port)))).every(Boolean)
  await waitUntil(allAnswer, daemons, 30_000)
  return { port: ports.proxy }
}

/** Swift reads /etc/swift unless another directory is set before anything else. */
const SERVE = `
import sys
from swift.common import utils
utils.set_swift_dir(sys.argv[1])
from swift.common.wsgi import run_wsgi
sys.exit(run_wsgi(sys.argv[2], sys.argv[3], verbose=True))
`

/** Swift wants memcached; one process can as well remember by itself. */
const CACHE = `
import time

class Cache:
    def __init__(self):
        self.kept = {}

    def get(self, key, raise_on_error=False):
        value, until = self.kept.get(key, (None, 0))
        return value if until == 0 or until > time.time() else None

    def set(self, key, value, serialize=True, time_=0, **options):
        seconds = options.get('time', time_)
        self.kept[key] = (value, time.time() + seconds if seconds else 0)

    def delete(self, key, server_key=None):
        self.kept.pop(key, None)

    def incr(self, key, delta=1, time=0):
        value = int(self.get(key) or 0) + delta
        self.set(key, value, time=time)
        return value

    def decr(self, key, delta=1, time=0):
        return self.incr(key, -delta, time=time)

def filter_factory(global_conf, **local_conf):
    cache = Cache()
    def wrap(app):
        def call(env, start_response):
            env['swift.cache'] = cache
            return app(env, start_response)
        return call
    return wrap
`

const MAKE_RINGS = `
import sys
from swift.common import utils
utils.set_swift_dir(sys.argv[1])
from swift.common.ring import RingBuilder
for pair in sys.argv[2:]:
    name, port = pair.split(':')
    builder = RingBuilder(1, 1, 0)
    builder.add_dev({'id': 0, 'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'd1', 'weight': 1,
                     'replication_ip': '127.0.0.1', 'replication_port': int(port), 'meta': ''})
    builder.rebalance()
    builder.get_ring().save('%s/%s.ring.gz' % (sys.argv[1], name))
`

function renderDefaults(directory: string, port: number): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
user = ${userInfo().username}
swift_dir = ${directory}
devices = ${join(directory, 'devices')}
mount_check = false
disable_fallocate = true
workers = 0
log_level = WARNING
`
}

function renderBackend(name: string, directory: string, port: number): string {
  return `${renderDefaults(directory, port)}
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`
}

/** In the order in which a request meets them; `cache` is ours. */
const FILTERS = [
  'catch_errors',
  'gatekeeper',
  'bulk',
  's3api',
  'tempauth',
  'copy',
  'slo',
  'dlo',
  'versioned_writes',
  'symlink',
] as const

function renderProxy(directory: string, port: number): string {
  const [account = '', user = ''] = SWIFT_KEYS.accessKeyId.split(':')
  const settings: Readonly<Record<string, string>> = {
    s3api: `location = ${REGION}\n`,
    tempauth: `user_${account}_${user} = ${SWIFT_KEYS.secretAccessKey} .admin\n`,
    versioned_writes: 'allow_object_versioning = true\n',
  }
  return `${renderDefaults(directory, port)}
[pipeline:main]
pipeline = cache ${FILTERS.join(' ')} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:cache]
paste.filter_factory = lab_cache:filter_factory
${FILTERS.map(name => `[filter:${name}]\nuse = egg:swift#${name}\n${settings[name] ?? ''}`).join('')}`
}
