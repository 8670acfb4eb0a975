import { type Static, Type } from '../../src/plugin.ts'

const Names = (title: string, description: string, example: string) => Type.Optional(Type.Array(Type.String({
  title,
  description: 'Exact name, case matters.',
  minLength: 1,
  examples: [example]
}), { title: `${title}s`, description, minItems: 1, uniqueItems: true, examples: [[example]] }))

/** One way in: the name of an authentication plugin, alone or with what the caller must have beyond it. */
export const Requirement = Type.Union([
  Type.String({ title: 'Plugin', description: 'Name of an authentication plugin of the route.', minLength: 1, examples: ['jwt'] }),
  Type.Object({
    plugin: Type.String({ title: 'Plugin', description: 'Name of an authentication plugin of the route.', minLength: 1, examples: ['jwt'] }),
    scopes: Names('Scope', 'Scopes that the caller must have.', 'orders:read'),
    roles: Names('Role', 'Roles that the caller must have.', 'admin'),
    match: Type.Optional(Type.Enum(['all', 'any'], {
      title: 'Match',
      description: 'How many of `scopes`, and how many of `roles`: `all` without this.',
      examples: ['any']
    }))
  }, { title: 'Requirement', description: 'A plugin, and what the caller must have.', additionalProperties: false })
], {
  title: 'Requirement',
  description: 'Name of an authentication plugin, or `{ plugin, scopes, roles, match }`.',
  examples: ['jwt', { plugin: 'jwt', roles: ['admin'] }]
})

export const AuthPolicy = Type.Object({
  public: Type.Optional(Type.Literal(true, {
    title: 'Public',
    description: 'Everybody may pass. A valid credential is still noticed, an invalid one is no reason to refuse.',
    examples: [true]
  })),
  any_of: Type.Optional(Type.Array(Requirement, {
    title: 'Any of',
    description: 'One of these must hold; the first that does says who calls. Each is the name of an authentication plugin of the route, or `{ plugin, scopes, roles, match }`: `scopes` and `roles` of which the caller must have all, or one of each with `match: any`.',
    minItems: 1,
    examples: [['jwt', { plugin: 'key-auth', scopes: ['orders:read'] }]]
  })),
  all_of: Type.Optional(Type.Array(Requirement, {
    title: 'All of',
    description: 'All of these must hold; the plugin that ran last says who calls.',
    minItems: 1,
    examples: [['key-auth', { plugin: 'jwt', roles: ['admin'], match: 'any' }]]
  })),
  default: Type.Optional(Type.Literal('deny', {
    title: 'Default',
    description: '`deny`: nobody may pass. Meant for a global entry: a route is closed until a policy of its own, or of its service, says otherwise.',
    examples: ['deny']
  }))
}, {
  title: 'auth-policy',
  description: 'Says for a route who may pass: everybody, nobody, or who one or all of its authentication plugins accept, with which scopes and roles.',
  additionalProperties: false,
  minProperties: 1
})

export type Config = Static<typeof AuthPolicy>
