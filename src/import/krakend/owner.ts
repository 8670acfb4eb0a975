import { listOf, type Draft, type Item, type Place } from '../draft.ts'

/** What `extra_config` is about. */
export interface Owner {
  readonly draft: Draft
  /** What gets the entries: a route, or the whole file. */
  readonly item: Item
  readonly what: string
  readonly at: (component: string) => Place
}

export function closeOwner ({ draft, item, what }: Owner, component: string, message: string, place: Place): void {
  draft.close(item, `${what}.${component}`, message, place)
}

export function addEntry ({ item }: Owner, name: string, config: Item): Item {
  const entry: Item = { name, config }
  listOf(item, 'plugins').push(entry)
  return entry
}
