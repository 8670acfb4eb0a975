/**
 * HalfSipHash-2-4 with 64 bits, of the UTF-16 units of a text: counters are found by it, and their keys are not kept.
 *
 * Keyed with a secret of the process: nobody can make two keys meet on purpose, and by chance two of a million do with
 * a probability of 3 in 100 million. 32-bit arithmetic alone, so that no number of it leaves the processor's registers.
 */
export class KeyHash {
  /** Result of the last `of`, two unsigned halves: an object for each key would cost more than the hash. */
  high = 0
  low = 0
  readonly #k0: number
  readonly #k1: number

  /** @param secret 8 bytes */
  constructor (secret: Buffer) {
    this.#k0 = secret.readInt32LE(0)
    this.#k1 = secret.readInt32LE(4)
  }

  of (key: string): void {
    let v0 = this.#k0
    let v1 = this.#k1 ^ 0xee
    let v2 = 0x6c796765 ^ this.#k0
    let v3 = 0x74656462 ^ this.#k1
    const { length } = key
    // the last word holds the length in bytes, modulo 256, and the unit that is left over
    const words = (length >> 1) + 1
    for (let word = 0; word < words + 4; word++) {
      let message = 0
      if (word < words) {
        message = word === words - 1
          ? (length & 1 ? key.charCodeAt(length - 1) : 0) | (length << 25)
          : key.charCodeAt(2 * word) | (key.charCodeAt(2 * word + 1) << 16)
      } else if (word === words) {
        v2 ^= 0xee
      } else if (word === words + 2) {
        this.low = (v1 ^ v3) >>> 0
        v1 ^= 0xdd
      }
      v3 ^= message
      for (let round = 0; round < 2; round++) {
        v0 = (v0 + v1) | 0
        v1 = (v1 << 5 | v1 >>> 27) ^ v0
        v0 = v0 << 16 | v0 >>> 16
        v2 = (v2 + v3) | 0
        v3 = (v3 << 8 | v3 >>> 24) ^ v2
        v0 = (v0 + v3) | 0
        v3 = (v3 << 7 | v3 >>> 25) ^ v0
        v2 = (v2 + v1) | 0
        v1 = (v1 << 13 | v1 >>> 19) ^ v2
        v2 = v2 << 16 | v2 >>> 16
      }
      v0 ^= message
    }
    this.high = (v1 ^ v3) >>> 0
  }
}
