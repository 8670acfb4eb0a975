/** Where two values differ, and how. */
import { fingerprint, fingerprintOf, isCut } from './cut-config.ts'

/** One difference; both sides undefined where a list of plain values has other items only. */
export interface Difference {
  /** Steps from the value that was compared. */
  readonly path: readonly string[]
  readonly from: unknown
  readonly to: unknown
  /** Of a list of plain values: items that only one side has. */
  readonly added?: readonly unknown[]
  readonly removed?: readonly unknown[]
}

/** What a running gateway's secrets are compared by; null for two files. */
export type Salt = string | null

export function differences (from: unknown, to: unknown, salt: Salt, path: readonly string[] = []): Difference[] {
  if (same(from, to, salt)) return []
  if (Array.isArray(from) && Array.isArray(to) && isPlain(from) && isPlain(to)) {
    const added = to.filter(item => !from.includes(item))
    const removed = from.filter(item => !to.includes(item))
    return [{ path, from, to, added, removed }]
  }
  if (isMap(from) && isMap(to)) {
    return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap(key => differences(from[key], to[key], salt, [...path, key]))
  }
  return [{ path, from, to }]
}

/** Deep, keys in any order; null and undefined both say "not set". */
export function same (one: unknown, other: unknown, salt: Salt): boolean {
  if (one === other) return true
  if (one === null || one === undefined) return other === null || other === undefined
  if (isCut(one)) return isCut(other) ? fingerprintOf(one) === fingerprintOf(other) : fingerprintOf(one) === fingerprint(other, salt ?? '')
  if (isCut(other)) return same(other, one, salt)
  if (typeof one !== 'object' || typeof other !== 'object' || other === null) return false
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && one.length === other.length && one.every((item, index) => same(item, other[index], salt))
  }
  const [mine, theirs] = [one as Record<string, unknown>, other as Record<string, unknown>]
  for (const key of new Set([...Object.keys(mine), ...Object.keys(theirs)])) if (!same(mine[key], theirs[key], salt)) return false
  return true
}

function isPlain (list: readonly unknown[]): boolean {
  return list.every(item => typeof item !== 'object')
}

function isMap (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isCut(value)
}
