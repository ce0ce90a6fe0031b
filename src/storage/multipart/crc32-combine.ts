/** The polynomial of CRC-32, lowest bit first. */
const POLYNOMIAL = 0xedb88320
/** x^0 in that order of bits. */
const ONE = 0x80000000

/**
 * The CRC-32 of two pieces of data one after the other, from the CRC-32 of each and the length of the second
 * in bytes: the bytes need not be read twice. It shifts the first by the length of the second, modulo the
 * polynomial.
 * Source: crc32_combine in zlib, by Mark Adler.
 */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  return (multiply(powerOfX(secondBytes * 8), first) ^ second) >>> 0
}

/** x^bits modulo the polynomial, by squaring. */
function powerOfX(bits: number): number {
  let power = ONE
  let square = ONE >>> 1
  for (let rest = bits; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(square, power)
    square = multiply(square, square)
  }
  return power
}

/** The product of two polynomials modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0
  let shifted = b
  for (let bit = 31; bit >= 0; bit -= 1) {
    if (((a >>> bit) & 1) === 1) product ^= shifted
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1
  }
  return product >>> 0
}
