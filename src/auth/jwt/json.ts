import { isUtf8 } from 'node:buffer'

/** Deeper claims than this are nobody's; it bounds the recursion below. */
const MAX_DEPTH = 32

/**
 * Reads a JSON object, strictly: valid UTF-8, no member twice (RFC 7515 section 4 leaves it to us; two readers that keep
 * different ones see two tokens), not too deep.
 *
 * @returns null for anything else
 */
export function parseJsonObject (bytes: Buffer): Record<string, unknown> | null {
  const value = parseJsonBytes(bytes, MAX_DEPTH)
  return typeof value !== 'object' || value === null || Array.isArray(value) ? null : value as Record<string, unknown>
}

/**
 * Reads any JSON as strictly.
 *
 * @param maxDepth of objects and lists inside of each other
 * @returns undefined for what is none, or not plain
 */
export function parseJsonBytes (bytes: Buffer, maxDepth: number): unknown {
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return value
  // JSON.parse keeps one of several members of a name: then the text has more colons than the value has members
  return countMembers(value, 1, maxDepth) === countColons(text) ? value : undefined
}

/** Members of all objects inside; NaN where it is too deep. */
function countMembers (value: object, depth: number, maxDepth: number): number {
  if (depth > maxDepth) return NaN
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) {
      if (typeof item === 'object' && item !== null) count += countMembers(item, depth + 1, maxDepth)
    }
    return count
  }
  // what JSON.parse makes has no inherited member that is enumerable
  for (const name in value) {
    count++
    const member = (value as Record<string, unknown>)[name]
    if (typeof member === 'object' && member !== null) count += countMembers(member, depth + 1, maxDepth)
  }
  return count
}

/** Colons outside of strings, of text that is known to be JSON: one a member. */
function countColons (text: string): number {
  let count = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x22) inString = !inString
    else if (!inString) {
      if (code === 0x3a) count++
    } else if (code === 0x5c) index++
  }
  return count
}
