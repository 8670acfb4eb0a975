import { listOf, type Draft, type Item, type Place } from '../draft.ts'

/** One step of a policy. */
export interface Step {
  readonly policy: string
  readonly action: Item
  readonly condition: string
  readonly place: Place
}

export interface PolicyContext {
  readonly draft: Draft
  readonly route: Item
  readonly what: string
  /** Of the endpoint; all of them are asked for. */
  readonly scopes: readonly string[]
}

export function closeFor ({ draft, route, what }: PolicyContext, { policy, place }: Step, message: string): void {
  draft.close(route, `${what}: ${policy}`, message, place)
}

export function add (route: Item, name: string, config: Item): Item {
  const entry: Item = Object.keys(config).length === 0 ? { name } : { name, config }
  listOf(route, 'plugins').push(entry)
  return entry
}
