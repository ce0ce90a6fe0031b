import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

const CREATED = Math.floor(Date.now() / 1000) - 60

/**
 * A key that signs an archive as OpenPGP has it (RFC 4880): what apt's own gpgv accepts. Made by hand,
 * because a fresh Debian has gpgv, which verifies, and not gpg, which signs.
 */
export class ArchiveKey {
  readonly #privateKey: KeyObject
  readonly #body: Buffer

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 })
    const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
    this.#privateKey = privateKey
    const numbers = [n, e].map(number => mpi(Buffer.from(number, 'base64url')))
    this.#body = Buffer.concat([Buffer.from([4]), uint32(CREATED), Buffer.from([1]), ...numbers])
  }

  /** The public key, certified by itself, as a keyring file has it. */
  get armoured(): string {
    const user = Buffer.from('pg-runbook test archive <test@example.invalid>')
    const certified = Buffer.concat([this.#framed(), Buffer.from([0xb4]), uint32(user.length), user])
    const certificate = this.#sign(0x13, certified)
    const packets = [packet(6, this.#body), packet(13, user), packet(2, certificate)]
    return armour('PUBLIC KEY BLOCK', Buffer.concat(packets))
  }

  /** The text with its signature around it: an InRelease file. */
  clearsign(text: string): string {
    const lines = text.trimEnd().split('\n')
    const signature = this.#sign(0x01, Buffer.from(lines.join('\r\n')))
    const armoured = armour('SIGNATURE', packet(2, signature))
    return `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${lines.join('\n')}\n${armoured}`
  }

  /** The key as it goes into hashes (§5.2.4). */
  #framed(): Buffer {
    return Buffer.concat([Buffer.from([0x99]), uint16(this.#body.length), this.#body])
  }

  /** The body of a version 4 signature packet, RSA with SHA-256 (§5.2.3). */
  #sign(type: number, subject: Buffer): Buffer {
    const keyId = createHash('sha1').update(this.#framed()).digest().subarray(-8)
    const hashed = Buffer.concat([subpacket(2, uint32(CREATED)), subpacket(27, Buffer.from([0x03]))])
    const head = Buffer.concat([Buffer.from([4, type, 1, 8]), uint16(hashed.length), hashed])
    const signed = Buffer.concat([subject, head, Buffer.from([4, 0xff]), uint32(head.length)])
    const issuer = subpacket(16, keyId)
    const check = createHash('sha256').update(signed).digest().subarray(0, 2)
    const value = mpi(sign('sha256', signed, this.#privateKey))
    return Buffer.concat([head, uint16(issuer.length), issuer, check, value])
  }
}

/** An old-format packet with a length of two bytes (§4.2.1). */
function packet(tag: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80 | (tag << 2) | 1]), uint16(body.length), body])
}

function subpacket(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([body.length + 1, type]), body])
}

/** A number with its length in bits before it, no leading zeros (§3.2). */
function mpi(bytes: Buffer): Buffer {
  const start = bytes.findIndex(byte => byte !== 0)
  const number = bytes.subarray(start)
  return Buffer.concat([uint16((number.length - 1) * 8 + (32 - Math.clz32(number[0] ?? 0))), number])
}

function armour(kind: string, body: Buffer): string {
  const lines = body.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
  return `-----BEGIN PGP ${kind}-----\n\n${lines}\n-----END PGP ${kind}-----\n`
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
