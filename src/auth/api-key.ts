/**
 * API keys as `sallyport keys create` makes them: `sp_`, or `sp_` with a word of the owner's and `_`, then 30 random
 * digits of base 62 (178 bits) and six that are their CRC-32.
 *
 * The prefix lets secret scanners find a key that leaked; the checksum tells a mistyped or made-up key from a real one
 * without a look-up.
 */
import { hash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM = 30
const CHECKSUM = 6

export const KEY_PREFIX = 'sp_'

/** The owner's word in a key: what it is for, not who has it. */
export const KEY_WORD = /^[a-z0-9]{1,16}$/

// eslint-disable-next-line no-control-regex
const BEYOND_ASCII = /[^\x00-\x7f]/

const SHAPE = /^sp_(?:[a-z0-9]{1,16}_)?[0-9A-Za-z]{36}$/

/** Makes a key. @param word between prefix and random part; '' for none */
export function createApiKey (word = ''): string {
  let key = word === '' ? KEY_PREFIX : `${KEY_PREFIX}${word}_`
  for (let digit = 0; digit < RANDOM; digit++) key += ALPHABET.charAt(randomInt(ALPHABET.length))
  return key + checksum(key)
}

/** Whether a key that begins like ours can't be one of ours; keys from elsewhere begin otherwise. */
export function isMalformedApiKey (key: string): boolean {
  if (!key.startsWith(KEY_PREFIX)) return false
  return !SHAPE.test(key) || checksum(key.slice(0, -CHECKSUM)) !== key.slice(-CHECKSUM)
}

/**
 * What the gateway keeps of a key, and looks it up by: a fast hash is enough for a text that nobody can guess, and says
 * nothing in its time about how much of it was right. 0.3 µs a key.
 *
 * @param key as bytes, one character each, which is how Node gives header fields
 * @returns SHA-256 in hex
 */
export function digestApiKey (key: string): string {
  // as a text it would be hashed as UTF-8, which is the same for ASCII and saves a copy
  return hash('sha256', BEYOND_ASCII.test(key) ? Buffer.from(key, 'latin1') : key, 'hex')
}

/** CRC-32 as six digits of base 62, which hold 35 bits. */
function checksum (text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let digit = 0; digit < CHECKSUM; digit++) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits
    rest = Math.floor(rest / ALPHABET.length)
  }
  return digits
}
