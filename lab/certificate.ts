import { chown, copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from './command.ts'

/**
 * Makes a certificate authority and a server certificate for localhost and 127.0.0.1, puts the latter where
 * the server looks for it, and returns the path of the authority's certificate. Needs openssl on the PATH.
 */
export async function makeCertificate(
  directory: string,
  data: string,
  owner: number | undefined,
): Promise<string> {
  const path = (name: string) => join(directory, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650']
  const openssl = (...args: readonly string[]) => command(['openssl', 'req', '-x509', ...key, ...args])
  await openssl('-subj', '/CN=pg-runbook lab authority', '-keyout', path('ca.key'), '-out', path('ca.crt'))
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const signer = [
    '-CA',
    path('ca.crt'),
    '-CAkey',
    path('ca.key'),
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ]
  await openssl(...name, ...signer, '-keyout', path('server.key'), '-out', path('server.crt'))
  for (const file of ['server.key', 'server.crt']) {
    await copyFile(path(file), join(data, file))
    if (owner !== undefined) await chown(join(data, file), owner, owner)
  }
  await Promise.all(['ca.key', 'server.key'].map(file => rm(path(file))))
  return path('ca.crt')
}
