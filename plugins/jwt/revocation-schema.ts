import { Type } from '../../src/plugin.ts'

export const Revocation = Type.Object({
  file: Type.Optional(Type.String({
    title: 'File',
    description: 'JSON file `{"jti": ["…"], "sub": {"ann": 1767225600}}`, which is watched; relative names start at gateway.yaml.',
    minLength: 1,
    examples: ['revoked.json']
  })),
  redis_url: Type.Optional(Type.String({
    title: 'Redis',
    description: '`redis://` or `rediss://` address, with user and password where it needs them.',
    pattern: '^rediss?://',
    secret: true,
    examples: ['redis://redis.internal:6379/0']
  })),
  prefix: Type.String({
    title: 'Prefix',
    description: 'In front of the names in Redis: `<prefix>jti` (sorted set, score: the token\'s `exp`), `<prefix>sub` (hash of subject to time), `<prefix>changed` (channel).',
    default: 'sallyport:revoked:',
    examples: ['sessions:revoked:']
  }),
  interval: Type.Integer({
    title: 'Interval',
    description: 'Seconds between two readings that no change has asked for.',
    minimum: 1,
    maximum: 3600,
    default: 10,
    examples: [30]
  }),
  stale_after: Type.Integer({
    title: 'Stale after',
    description: 'Seconds for which the last known revocations serve when they can\'t be read; after that requests are answered with 503.',
    minimum: 1,
    maximum: 86400,
    default: 300,
    examples: [60]
  })
}, {
  title: 'Revocation',
  description: 'Tokens that hold no longer: single ones by `jti`, all older ones of a subject by `sub` and `iat`.',
  additionalProperties: false,
  examples: [{ file: 'revoked.json' }]
})
