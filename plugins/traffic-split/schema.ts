import { HeaderName, type Static, Type } from '../../src/plugin.ts'

const ServiceName = Type.String({
  title: 'Service',
  description: 'Name or id of a service of the file.',
  minLength: 1,
  refersTo: 'service',
  examples: ['users-v2']
})

const Split = Type.Array(Type.Object({
  service: ServiceName,
  weight: Type.Integer({
    title: 'Weight',
    description: 'Its part of the requests is its weight out of the sum of all; 0: nobody.',
    minimum: 0,
    maximum: 65535,
    examples: [5]
  })
}, {
  title: 'Part',
  description: 'A service and how much it gets.',
  additionalProperties: false,
  examples: [{ service: 'users-v2', weight: 5 }]
}), {
  title: 'Split',
  description: 'Services among which requests are divided by weight.',
  minItems: 1,
  examples: [[{ service: 'users-v1', weight: 95 }, { service: 'users-v2', weight: 5 }]]
})

const Values = Type.Optional(Type.Array(Type.String({ title: 'Value', description: 'An exact value.', examples: ['beta'] }), {
  title: 'Values',
  description: 'One of them must be there. Without: any value.',
  minItems: 1,
  examples: [['beta', 'canary']]
}))

const When = Type.Object({
  header: Type.Optional(Type.Object({
    name: { ...HeaderName, title: 'Name', examples: ['x-version'] },
    values: Values
  }, { title: 'Header', description: 'A header field of the request.', additionalProperties: false, examples: [{ name: 'x-version', values: ['beta'] }] })),
  cookie: Type.Optional(Type.Object({
    name: Type.String({ title: 'Name', description: 'Name of the cookie.', minLength: 1, examples: ['beta'] }),
    values: Values
  }, { title: 'Cookie', description: 'A cookie of the request.', additionalProperties: false, examples: [{ name: 'beta' }] })),
  claim: Type.Optional(Type.Object({
    name: Type.String({ title: 'Name', description: 'The claim; dots lead inside, as in jwt.', minLength: 1, examples: ['realm.plan'] }),
    values: Values
  }, { title: 'Claim', description: 'A claim of the verified token: a text, number or boolean, or a list with one of the values.', additionalProperties: false, examples: [{ name: 'plan', values: ['pro'] }] })),
  consumers: Type.Optional(Type.Array(Type.String({ title: 'Consumer', description: 'Username or id of a consumer.', minLength: 1, refersTo: 'consumer', examples: ['ada'] }), {
    title: 'Consumers',
    description: 'The caller is one of these consumers.',
    minItems: 1,
    examples: [['ada']]
  })),
  consumer_groups: Type.Optional(Type.Array(Type.String({ title: 'Consumer group', description: 'Name or id of a consumer group.', minLength: 1, refersTo: 'consumer_group', examples: ['testers'] }), {
    title: 'Consumer groups',
    description: 'The caller is in one of these consumer groups.',
    minItems: 1,
    examples: [['testers']]
  }))
}, {
  title: 'When',
  description: 'What a request must be for the rule to decide: all that is named here.',
  minProperties: 1,
  additionalProperties: false,
  examples: [{ header: { name: 'x-version', values: ['beta'] } }, { consumer_groups: ['testers'] }]
})

export const TrafficSplit = Type.Object({
  rules: Type.Array(Type.Object({
    when: When,
    service: Type.Optional({ ...ServiceName, description: 'Service that gets these requests; instead of `split`.' }),
    split: Type.Optional({ ...Split, description: 'Services among which these requests are divided; instead of `service`.' })
  }, {
    title: 'Rule',
    description: 'Which requests go where.',
    additionalProperties: false,
    examples: [{ when: { cookie: { name: 'beta' } }, service: 'users-v2' }]
  }), {
    title: 'Rules',
    description: 'Looked at in order; the first that fits decides.',
    default: [],
    examples: [[{ when: { consumer_groups: ['testers'] }, service: 'users-v2' }]]
  }),
  split: Type.Optional({ ...Split, description: 'For requests that no rule fits. Without it, these go to the service of their route.' }),
  sticky_by: Type.Enum(['none', 'cookie', 'consumer', 'credential', 'ip', 'header', 'claim'], {
    title: 'Sticky by',
    description: 'What keeps a caller with one service of a split. `cookie`: a cookie of the gateway\'s. The others: who calls, as in rate-limiting; nothing is stored. `none`: each request is divided anew.',
    default: 'none',
    examples: ['consumer', 'cookie']
  }),
  header_name: Type.Optional({
    ...HeaderName,
    title: 'Header',
    description: 'Header of `sticky_by: header`.',
    examples: ['x-tenant']
  }),
  claim_name: Type.Optional(Type.String({
    title: 'Claim',
    description: 'Claim of `sticky_by: claim`.',
    minLength: 1,
    examples: ['sub']
  })),
  cookie_name: Type.Optional(Type.String({
    title: 'Cookie',
    description: 'Cookie of `sticky_by: cookie`. Default: a name that no other entry has.',
    pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    examples: ['release']
  })),
  cookie_max_age: Type.Optional(Type.Integer({
    title: 'Max-Age',
    description: 'Seconds that the cookie is kept. Default: until the browser is closed.',
    minimum: 1,
    examples: [86400]
  })),
  response_header: Type.Optional({
    ...HeaderName,
    title: 'Response header',
    description: 'Header of the answer that names the chosen service.',
    examples: ['X-Release']
  }),
  log: Type.Boolean({
    title: 'Log',
    description: 'Whether the access log says why: `traffic_split` has the service and what decided.',
    default: false,
    examples: [true]
  })
}, {
  title: 'traffic-split',
  description: 'Divides requests between services: by weight, and by who calls or what the request says.',
  additionalProperties: false
})

export type Config = Static<typeof TrafficSplit>
export type Rule = Config['rules'][number]
export type Conditions = Rule['when']
export type Part = NonNullable<Config['split']>[number]
