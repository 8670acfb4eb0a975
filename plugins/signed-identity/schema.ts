import { HeaderName, type Static, Type } from '../../src/plugin.ts'

export const SignedIdentity = Type.Object({
  mode: Type.Enum(['jwt', 'hmac'], {
    title: 'Mode',
    description: '`jwt`: the identity as a signed token. `hmac`: the identity headers stay what they are, and one more header has a signature over them.',
    default: 'jwt',
    examples: ['hmac']
  }),
  algorithm: Type.Enum(['ES256', 'HS256'], {
    title: 'Algorithm',
    description: 'Of the token. `ES256`: services need the public key only, which the admin listener publishes. `HS256`: services share the secret, and could sign themselves. `mode: hmac` is always HMAC-SHA-256.',
    default: 'ES256',
    examples: ['HS256']
  }),
  keys: Type.Array(Type.String({
    title: 'Key',
    description: 'A private key of the curve P-256 as PEM (`ES256`), or a secret of at least 32 bytes.',
    minLength: 1,
    examples: ['{vault://env/IDENTITY_PRIVATE_KEY}'],
    secret: true
  }), {
    title: 'Keys',
    description: 'The first one signs. All of them are published, so that one can be known before it signs, and as long as its last token lives. `ES256`: private keys of the curve P-256 as PEM; from the second on public ones will do. `HS256` and `mode: hmac`: secrets of at least 32 bytes.',
    minItems: 1,
    maxItems: 8,
    examples: [['{vault://env/IDENTITY_PRIVATE_KEY}']]
  }),
  header_name: {
    ...HeaderName,
    title: 'Header',
    description: 'Request header that carries the token or the signature to the service.',
    default: 'X-Sallyport-Identity',
    examples: ['X-Gateway-Identity']
  },
  issuer: Type.String({
    title: 'Issuer',
    description: 'The token\'s `iss`: which gateway vouches.',
    minLength: 1,
    default: 'sallyport',
    examples: ['https://gateway.example.com']
  }),
  audience: Type.Optional(Type.String({
    title: 'Audience',
    description: 'The token\'s `aud`. Without it the service\'s name (its id where it has none), so that a token for one service is worth nothing at another.',
    minLength: 1,
    examples: ['orders']
  })),
  ttl: Type.Integer({
    title: 'Lifetime',
    description: 'Seconds from `iat` to `exp`.',
    minimum: 5,
    maximum: 3600,
    default: 60,
    examples: [30]
  }),
  bind_request: Type.Boolean({
    title: 'Bind to the request',
    description: 'The signature also covers method, path and query as the service gets them, so that it is worth nothing for another request. Costs a signature for each request that differs.',
    default: false,
    examples: [true]
  }),
  jwks_path: Type.String({
    title: 'Path of the key set',
    description: 'Where the admin listener publishes the public keys of `ES256`, under `/identity/`.',
    pattern: '^/identity(?:/[A-Za-z0-9_~-]+(?:\\.[A-Za-z0-9_~-]+)*)+$',
    default: '/identity/jwks.json',
    examples: ['/identity/orders.json']
  })
}, {
  title: 'signed-identity',
  description: 'Vouches for who calls: a short-lived signed token, or a signature over the identity headers, that the service can verify.',
  additionalProperties: false
})

export type Config = Static<typeof SignedIdentity>
