/** Purging of caches through the admin listener. */
import { type Static, Type } from 'typebox'
import type { AdminAction } from '../plugin-operations.ts'

const Text = (title: string, description: string, example: string) => Type.Optional(Type.String({ title, description, minLength: 1, examples: [example] }))

/** What `POST …/purge` of the admin listener takes: one of these. */
export const Purge = Type.Object({
  key: Text('Key', '`X-Cache-Key` of an answer.', 'f3a1'),
  url: Text('URL', 'Address as clients write it: all answers of it, for all callers.', 'https://api.example.com/items?page=2'),
  prefix: Text('Prefix', 'Beginning of such an address.', 'https://api.example.com/items/'),
  tag: Text('Tag', 'A tag that answers have in `Cache-Tag` or `Surrogate-Key`.', 'item-7'),
  all: Type.Optional(Type.Literal(true, { title: 'All', description: 'Everything.', examples: [true] }))
}, {
  title: 'Purge',
  description: 'Which answers are dropped.',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false
})

/** A cache that a plugin's entry holds. */
export interface Purgeable {
  /** @returns how many answers were dropped */
  purge (order: Static<typeof Purge>): Promise<number>
}

/** `POST /<plugin>/purge`, for all enabled entries of a plugin. */
export function purgeAction<Cache extends Purgeable> (plugin: string): AdminAction<Cache> {
  return {
    path: `/${plugin}/purge`,
    body: Purge,
    async run (caches, order: Static<typeof Purge>) {
      let purged = 0
      let failure: unknown
      // a store that is down keeps no other one from being purged
      for (const cache of caches) {
        try {
          purged += await cache.purge(order)
        } catch (error) {
          failure = error
        }
      }
      if (failure !== undefined) throw failure
      return { purged }
    }
  }
}
