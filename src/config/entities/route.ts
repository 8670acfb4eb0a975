import { Type } from 'typebox'
import { closed, common, importance, nameOf, reference, set } from './common.ts'
import { pathPolicy } from './path-policy.ts'

export const METHOD_PATTERN = '^[A-Z]+$'

/** What requests reach a service. */
export const Route = closed({
  ...common,
  name: nameOf('route'),
  service: reference('service', 'name'),
  protocols: Type.Optional(set(Type.Enum(['http', 'https'], { description: 'A protocol.' }), {
    minItems: 1,
    default: ['http', 'https'],
    description: 'Protocols that the route serves.'
  })),
  methods: Type.Optional(set(Type.String({ minLength: 1, pattern: METHOD_PATTERN, description: 'A method, in capitals.' }), {
    description: 'Request methods that match.',
    examples: [['GET', 'POST']]
  })),
  hosts: Type.Optional(Type.Array(Type.String({ minLength: 1, description: 'Host name or IP address, port optional; one `*` as the left-most or right-most label.' }), {
    description: 'Hosts that match.',
    examples: [['api.example.com', '*.example.org']]
  })),
  paths: Type.Optional(Type.Array(Type.String({ minLength: 1, description: '`/prefix`, or `~/regex`.' }), {
    description: 'Paths that match: `/…` is a literal prefix, `~/…` a regular expression.',
    examples: [['/users', '~/orders/(?<id>\\d+)$']]
  })),
  headers: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1, description: 'An accepted value.' }), { minItems: 1, description: 'The accepted values.' }), {
    description: 'Request headers that match: name to accepted values; a single value starting with `~*` is a regular expression.',
    examples: [{ 'x-version': ['1', '2'] }]
  })),
  snis: Type.Optional(set(Type.String({ minLength: 1, description: 'A host name; one `*` as the left-most or right-most label.' }), {
    description: 'Server names that a client may have asked for in its TLS handshake. Requests over plain http pass.',
    examples: [['api.example.com', '*.example.org']]
  })),
  regex_priority: Type.Optional(Type.Integer({ default: 0, description: 'Of two regular expressions that match, the higher one wins.' })),
  strip_path: Type.Optional(Type.Boolean({ default: true, description: 'Whether the matched prefix is cut from the upstream path.' })),
  path_handling: Type.Optional(Type.Enum(['v0', 'v1'], { default: 'v0', description: 'How service path and request path are joined.' })),
  preserve_host: Type.Optional(Type.Boolean({ default: false, description: 'Whether the client\'s Host reaches the upstream.' })),
  https_redirect_status_code: Type.Optional(Type.Enum([426, 301, 302, 307, 308], {
    default: 426,
    description: 'Answer to plain http where `protocols` is https only.'
  })),
  request_buffering: Type.Optional(Type.Boolean({ default: true, description: 'Accepted for compatibility; bodies always stream unless a plugin needs them whole.' })),
  response_buffering: Type.Optional(Type.Boolean({ default: true, description: 'Accepted for compatibility; bodies always stream unless a plugin needs them whole.' })),
  importance: importance('What its requests are worth when the gateway is overloaded; default: the `importance` of its service.'),
  path_policy: pathPolicy('How odd paths of its requests are read; what it doesn\'t say, its listener does.', {})
}, {
  description: 'What requests reach a service.',
  anyOf: ['methods', 'hosts', 'headers', 'paths', 'snis'].map(name => ({ required: [name] }))
})
