import { escapedByte } from './utf8.ts'

/**
 * What a path may not show to an upstream: a `%` that starts no triplet, and every character outside of this set. Kong
 * also lets `\`, `?` and `#` through; escaped, no upstream reads a separator where the router read a character.
 */
const unsafe = /%(?![\da-fA-F]{2})|[^!$&'()*+,/:;=@[\]\w.~%-]/gu

/**
 * Makes a path fit to be sent.
 *
 * @param path normalised; triplets in it stay as they are
 * @returns ASCII; bytes that were no UTF-8 are the same triplets as in the request. Never throws.
 */
export function escapePath (path: string): string {
  return path.replace(unsafe, escapeCharacter)
}

function escapeCharacter (character: string): string {
  const codePoint = character.codePointAt(0) ?? 0
  const byte = escapedByte(codePoint)
  if (byte !== -1) return `%${byte.toString(16).toUpperCase()}`
  // a lone surrogate (of the file: no request has one) would make encodeURIComponent throw
  return codePoint >= 0xd800 && codePoint <= 0xdfff ? '%EF%BF%BD' : encodeURIComponent(character)
}
