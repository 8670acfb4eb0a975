/** Which entity of the new configuration is which of the old one. */

export interface Pairs<Item> {
  readonly both: ReadonlyArray<readonly [old: Item, next: Item]>
  readonly added: readonly Item[]
  readonly removed: readonly Item[]
  /** The new one of an old one. */
  readonly next: ReadonlyMap<Item, Item>
}

/**
 * Pairs by the first key that two have in common: what a user calls them, then what they are. So one that only got another
 * name is still the same.
 *
 * @param keys best first; null: none of that kind
 */
export function pair<Item> (old: readonly Item[], next: readonly Item[], keys: ReadonlyArray<(item: Item, side: 'old' | 'new') => string | null>): Pairs<Item> {
  const found = new Map<Item, Item>()
  let left = [...old]
  let right = [...next]
  for (const key of keys) {
    const byKey = new Map<string, Item[]>()
    for (const item of right) {
      const text = key(item, 'new')
      if (text !== null) byKey.set(text, [...byKey.get(text) ?? [], item])
    }
    left = left.filter(item => {
      const text = key(item, 'old')
      const other = text === null ? undefined : byKey.get(text)?.shift()
      if (other === undefined) return true
      found.set(item, other)
      return false
    })
    const taken = new Set(found.values())
    right = right.filter(item => !taken.has(item))
  }
  return { both: old.flatMap(item => found.has(item) ? [[item, found.get(item) as Item] as const] : []), added: right, removed: left, next: found }
}
