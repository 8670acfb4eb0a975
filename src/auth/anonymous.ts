import { Type } from 'typebox'

/** Option `anonymous` of authentication plugins. Marked, so that the loader sees to it that there is such a consumer. */
export const AnonymousConsumer = Type.Optional(Type.String({
  minLength: 1,
  title: 'Anonymous consumer',
  description: 'Username or id of the consumer that a caller without a valid credential counts as. Without it, such a caller is refused.',
  examples: ['guest'],
  refersTo: 'consumer'
}))
