import { Type } from '../../src/plugin.ts'

const SOURCES = ['consumer', 'authenticated', 'scopes', 'roles'] as const

const Group = Type.String({
  title: 'Group',
  description: 'Name of a group; case matters.',
  minLength: 1,
  examples: ['partners']
})

export const Acl = Type.Object({
  allow: Type.Optional(Type.Array(Group, {
    title: 'Allow',
    description: 'Only callers who are in one of these groups pass. Exactly one of `allow` and `deny` is set.',
    minItems: 1,
    examples: [['partners', 'staff']]
  })),
  deny: Type.Optional(Type.Array(Group, {
    title: 'Deny',
    description: 'Callers who are in one of these groups are refused; those in none pass. Exactly one of `allow` and `deny` is set.',
    minItems: 1,
    examples: [['suspended']]
  })),
  groups_from: Type.Optional(Type.Array(Type.Enum([...SOURCES], {
    title: 'Source',
    description: '`consumer`: `acls` of the consumer. `authenticated`: groups that the credential itself brings. `scopes`, `roles`: those of the credential or token.',
    examples: ['scopes']
  }), {
    title: 'Sources of groups',
    description: 'Where groups come from; several are added up. Without it, as in Kong: `acls` of the consumer, or authenticated groups where there is no consumer or no credential.',
    minItems: 1,
    uniqueItems: true,
    examples: [['consumer', 'scopes']]
  })),
  groups_claim: Type.Optional(Type.String({
    title: 'Claim with groups',
    description: 'Path of a claim whose values are groups as well: a list, or a text with blanks between them. Dots lead into objects.',
    pattern: '^[^.]+(?:\\.[^.]+)*$',
    examples: ['realm_access.roles']
  })),
  always_use_authenticated_groups: Type.Boolean({
    title: 'Always use authenticated groups',
    description: 'Groups that the credential brings replace those of the consumer. Not together with `groups_from` or `groups_claim`.',
    default: false,
    examples: [true]
  }),
  include_consumer_groups: Type.Boolean({
    title: 'Include consumer groups',
    description: 'Names of the consumer\'s consumer groups count as groups, too.',
    default: false,
    examples: [true]
  }),
  hide_groups_header: Type.Boolean({
    title: 'Hide groups header',
    description: 'Don\'t tell the service the groups in X-Consumer-Groups or X-Authenticated-Groups.',
    default: false,
    examples: [true]
  })
}, {
  title: 'acl',
  description: 'Lets callers pass, or refuses them, by the groups that they are in.',
  additionalProperties: false
})
