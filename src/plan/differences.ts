/** Where two values differ, and how. */
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

export function differences (from: unknown, to: unknown, path: readonly string[] = []): Difference[] {
  if (same(from, to)) return []
  if (Array.isArray(from) && Array.isArray(to) && isPlain(from) && isPlain(to)) {
    const added = to.filter(item => !from.includes(item))
    const removed = from.filter(item => !to.includes(item))
    return [{ path, from, to, added, removed }]
  }
  if (isMap(from) && isMap(to)) {
    return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap(key => differences(from[key], to[key], [...path, key]))
  }
  return [{ path, from, to }]
}

/** Deep, keys in any order; null and undefined both say "not set". */
export function same (one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (one === null || one === undefined) return other === null || other === undefined
  if (typeof one !== 'object' || typeof other !== 'object' || other === null) return false
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && one.length === other.length && one.every((item, index) => same(item, other[index]))
  }
  const [mine, theirs] = [one as Record<string, unknown>, other as Record<string, unknown>]
  for (const key of new Set([...Object.keys(mine), ...Object.keys(theirs)])) if (!same(mine[key], theirs[key])) return false
  return true
}

function isPlain (list: readonly unknown[]): boolean {
  return list.every(item => typeof item !== 'object')
}

function isMap (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
