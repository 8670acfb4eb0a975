/** Credentials of consumers: Kong's collections and fields, closed, and the hashed forms that need no secret in the file. */
import { Type } from 'typebox'
import { closed, common, reference } from './common.ts'

export const JWT_ALGORITHMS = [
  'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA'
] as const

/** Passwords that are hashes already: bcrypt's modular crypt format, scrypt as a PHC string. */
export const PASSWORD_HASH = /^\$(?:2[aby]|scrypt)\$/

const owner = { ...common, consumer: reference('consumer', 'username') }

const text = (description: string, examples: string[] = []) => Type.String({ minLength: 1, description, ...(examples.length === 0 ? {} : { examples }) })
const secret = (description: string) => Type.String({ minLength: 1, description, secret: true })
const count = (period: string) => Type.Optional(Type.Integer({ minimum: 1, description: `Most requests a ${period}.` }))

/** A key or secret with which a consumer signs its tokens. */
export const JwtSecret = closed({
  ...owner,
  key: text('What the token\'s `key_claim_name` (default `iss`) holds; unique.', ['https://issuer.example.com']),
  secret: Type.Optional(secret('Shared secret; HS256, HS384 and HS512.')),
  rsa_public_key: Type.Optional(text('Public key as PEM; every other algorithm, elliptic curves included.')),
  algorithm: Type.Optional(Type.Enum([...JWT_ALGORITHMS], { default: 'HS256', description: 'The only algorithm that is accepted with this key.' }))
}, {
  description: 'A key or secret with which a consumer signs its tokens.',
  anyOf: [
    { required: ['secret'], properties: { algorithm: { enum: JWT_ALGORITHMS.filter(name => name.startsWith('HS')) } } },
    { required: ['rsa_public_key', 'algorithm'], properties: { algorithm: { enum: JWT_ALGORITHMS.filter(name => !name.startsWith('HS')) } } }
  ]
})

/** An API key. */
export const KeyauthCredential = closed({
  ...owner,
  key: Type.Optional(secret('The key as the client sends it; unique. Not together with `hash`.')),
  hash: Type.Optional(Type.String({
    pattern: '^[0-9a-fA-F]{64}$',
    description: 'SHA-256 of the key, in hex: the file then holds no secret. `sallyport keys create` prints one.',
    examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']
  })),
  ttl: Type.Optional(Type.Integer({ minimum: 0, description: 'Seconds from the load of the file until the key ends; 0: never.' })),
  expires_at: Type.Optional(Type.String({
    format: 'date-time',
    description: 'When the key ends (RFC 3339).',
    examples: ['2027-01-31T00:00:00Z']
  })),
  scopes: Type.Optional(Type.Array(text('A scope.'), { description: 'What the key may be used for.', examples: [['orders:read']] })),
  rate_limit: Type.Optional(closed({
    tier: Type.Optional(text('Tier of `rate-limiting` whose limits the key has, in place of numbers of its own.', ['pro'])),
    second: count('second'),
    minute: count('minute'),
    hour: count('hour'),
    day: count('day'),
    month: count('month'),
    year: count('year')
  }, { minProperties: 1, description: 'Limits of this key: numbers of its own, or a tier.' }))
}, {
  description: 'An API key.',
  anyOf: [
    { required: ['key'], not: { required: ['hash'] } },
    { required: ['hash'], not: { required: ['key'] } }
  ]
})

/** A user name with its password. */
export const BasicauthCredential = closed({
  ...owner,
  username: text('Name that the client sends; unique.'),
  password: secret('The password, or its bcrypt (`$2b$…`) or scrypt (`$scrypt$…`) hash.')
}, { description: 'A user name with its password.' })

/** A name with the secret that signs requests. */
export const HmacauthCredential = closed({
  ...owner,
  username: text('Name that the client sends; unique.'),
  secret: secret('Secret that signs the requests.')
}, { description: 'A name with the secret that signs requests.' })

/** A group that the consumer is in. */
export const Acl = closed({
  ...owner,
  group: text('Name of the group.', ['partners'])
}, { description: 'A group that a consumer is in, for the acl plugin.' })

/** A client of Kong's oauth2 plugin. */
export const Oauth2Credential = closed({
  ...owner,
  name: text('Name of the application.'),
  client_id: text('Id of the client; unique.'),
  client_secret: Type.Optional(secret('Secret of the client.')),
  redirect_uris: Type.Optional(Type.Array(text('A URI.'), { description: 'Where users are sent back to.' })),
  client_type: Type.Optional(Type.Enum(['confidential', 'public'], { default: 'confidential', description: 'Whether the client can keep a secret.' })),
  hash_secret: Type.Optional(Type.Boolean({ default: false, description: 'Whether `client_secret` is a hash.' }))
}, { description: 'A client of Kong\'s oauth2 plugin; kept, and used by nothing here.' })
