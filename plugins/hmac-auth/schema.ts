import { AnonymousConsumer, Type } from '../../src/plugin.ts'

export const ALGORITHMS = ['hmac-sha1', 'hmac-sha224', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const

export const HmacAuth = Type.Object({
  clock_skew: Type.Number({
    title: 'Clock skew',
    description: 'Seconds by which the date of a request may differ from the gateway\'s clock.',
    exclusiveMinimum: 0,
    default: 300,
    examples: [60]
  }),
  enforce_headers: Type.Array(Type.String({
    title: 'Name',
    description: 'Name of a header field, `request-line` or `@request-target`, as clients write it into `headers`.',
    pattern: "^@?[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    examples: ['date']
  }), {
    title: 'Enforced headers',
    description: 'What a signature must cover, at least. Case matters. With none, a signature may cover as little as the client likes.',
    default: [],
    examples: [['date', 'request-line']]
  }),
  algorithms: Type.Array(Type.Enum([...ALGORITHMS], {
    title: 'Algorithm',
    description: 'Name of an algorithm.',
    examples: ['hmac-sha256']
  }), {
    title: 'Algorithms',
    description: 'Algorithms that are accepted.',
    minItems: 1,
    default: ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'],
    examples: [['hmac-sha256']]
  }),
  validate_request_body: Type.Boolean({
    title: 'Validate request body',
    description: 'Compare the body with the `Digest` field; a request without one must have no body. The body is held in memory for it.',
    default: false,
    examples: [true]
  }),
  hide_credentials: Type.Boolean({
    title: 'Hide credentials',
    description: 'Remove the signature from the request to the service.',
    default: true,
    examples: [false]
  }),
  realm: Type.Optional(Type.String({
    title: 'Realm',
    description: 'What the signature is for; it stands in WWW-Authenticate.',
    pattern: '^[\\x20-\\x7e]+$',
    examples: ['orders']
  })),
  anonymous: AnonymousConsumer
}, {
  title: 'hmac-auth',
  description: 'Asks for a signature that a consumer\'s secret has made of parts of the request.',
  additionalProperties: false
})
