const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/**
 * The checksum that Flyway keeps of a script: CRC-32 over its lines without line ends or byte order mark, as a signed
 * number. Source: ChecksumCalculator in flyway-core.
 */
export function flywayChecksum(text: string): number {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)
  let crc = 0xffffffff
  for (const byte of new TextEncoder().encode(lines.join('')))
    crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0)
  return ~crc | 0
}
