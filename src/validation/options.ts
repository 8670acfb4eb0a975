/** Options that the validators share. */
import { Type } from 'typebox'

export const MaxErrors = Type.Integer({
  title: 'Errors',
  description: 'Errors that are told at most.',
  minimum: 1,
  maximum: 100,
  default: 10,
  examples: [1]
})

/** What a body is held against before it is parsed. */
export const JsonLimitOptions = {
  max_depth: Type.Integer({
    title: 'Depth',
    description: 'Objects and lists inside of each other, in a JSON body; held against the text before it is parsed.',
    minimum: 1,
    maximum: 500,
    default: 32,
    examples: [8]
  }),
  max_members: Type.Integer({
    title: 'Members',
    description: 'Members of all objects of a JSON body together, or fields of a form; held against the text before it is parsed.',
    minimum: 1,
    default: 10_000,
    examples: [100]
  }),
  allow_duplicate_members: Type.Boolean({
    title: 'Duplicate members',
    description: 'Let a name stand twice in one object. The last counts here; a service that takes the first gets what nobody has validated.',
    default: false,
    examples: [true]
  })
}
