import { AnonymousConsumer, HeaderName, JWT_ALGORITHMS, Type } from '../../src/plugin.ts'

const Algorithms = Type.Array(Type.Enum([...JWT_ALGORITHMS], {
  title: 'Algorithm',
  description: 'Signature algorithm of RFC 7518.',
  examples: ['RS256']
}), {
  title: 'Algorithms',
  description: 'Signature algorithms that are accepted. Without it, all that go with the keys: a public key never verifies HS256 to HS512, a secret nothing else.',
  minItems: 1,
  uniqueItems: true,
  examples: [['RS256']]
})

const Audience = Type.Array(Type.String({ title: 'Audience', description: 'One value of `aud`.', minLength: 1, examples: ['api'] }), {
  title: 'Audience',
  description: 'One of these must be in `aud`. Without it, tokens that the issuer made for other APIs are accepted too.',
  minItems: 1,
  examples: [['https://api.example.com']]
})

const JwksUri = Type.String({
  title: 'Key set address',
  description: 'Address of the issuer\'s key set. Fetched over https, cached, and fetched again when keys rotate.',
  minLength: 1,
  examples: ['https://auth.example.com/.well-known/jwks.json']
})

const Jwks = Type.Object({
  keys: Type.Array(Type.Record(Type.String(), Type.Unknown(), {
    title: 'Key',
    description: 'A public key as JWK.',
    examples: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }]
  }), { title: 'Keys', description: 'The keys.', minItems: 1, examples: [[{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }]] })
}, {
  title: 'Key set',
  description: 'A key set (RFC 7517) with public keys, written here.',
  additionalProperties: false,
  examples: [{ keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] }]
})

const JwksFile = Type.String({
  title: 'Key set file',
  description: 'File with a key set; relative names start at gateway.yaml. Read at load. The only set that may hold shared secrets (`oct`).',
  minLength: 1,
  examples: ['keys/issuer.json']
})

const PublicKey = Type.String({
  title: 'Public key',
  description: 'A public key or certificate as PEM. `\\n` stands for the end of a line.',
  minLength: 1,
  examples: ['{vault://env/jwt-public-key}']
})

const Secret = Type.String({
  title: 'Secret',
  description: 'Shared secret of HS256, HS384 and HS512; as many bytes as the hash has, or more.',
  minLength: 1,
  secret: true,
  examples: ['{vault://env/jwt-secret}']
})

const TrustedIssuer = Type.Object({
  issuer: Type.String({ title: 'Issuer', description: 'What `iss` has to be, exactly. Without another option here, the keys are discovered from it.', minLength: 1, examples: ['https://auth.example.com/'] }),
  audience: Type.Optional(Audience),
  jwks_uri: Type.Optional(JwksUri),
  jwks: Type.Optional(Jwks),
  jwks_file: Type.Optional(JwksFile),
  public_key: Type.Optional(PublicKey),
  secret: Type.Optional(Secret),
  algorithms: Type.Optional(Algorithms)
}, {
  title: 'Trusted issuer',
  description: 'An issuer with its keys. What it doesn\'t say is as for the whole plugin.',
  additionalProperties: false,
  examples: [{ issuer: 'https://auth.example.com/' }]
})

const ClaimPath = { title: 'Claim', description: 'Name of a claim, or of a member inside.', minLength: 1, examples: ['realm_access'] }

const Revocation = Type.Object({
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

export const Jwt = Type.Object({
  issuer: Type.Optional(Type.String({
    title: 'Issuer',
    description: 'What `iss` has to be, exactly. Where no other option names keys, they are discovered from it (`/.well-known/openid-configuration`).',
    minLength: 1,
    examples: ['https://auth.example.com/']
  })),
  audience: Type.Optional(Audience),
  jwks_uri: Type.Optional(JwksUri),
  jwks: Type.Optional(Jwks),
  jwks_file: Type.Optional(JwksFile),
  public_key: Type.Optional(PublicKey),
  secret: Type.Optional(Secret),
  issuers: Type.Optional(Type.Array(TrustedIssuer, {
    title: 'Issuers',
    description: 'Several issuers, each with its keys; `iss` chooses. Instead of `issuer` and the options that name keys.',
    minItems: 1,
    examples: [[{ issuer: 'https://auth.example.com/' }, { issuer: 'https://login.partner.example/', audience: ['partner-api'] }]]
  })),
  algorithms: Type.Optional(Algorithms),
  allow_insecure: Type.Boolean({
    title: 'Allow insecure',
    description: 'Fetch key sets over plain http as well. Whoever sits in between can then make up tokens.',
    default: false,
    examples: [true]
  }),
  timeout: Type.Integer({
    title: 'Timeout',
    description: 'Milliseconds for a request to the issuer.',
    minimum: 1,
    maximum: 60_000,
    default: 5000,
    examples: [2000]
  }),
  key_claim_name: Type.String({
    title: 'Key claim',
    description: 'With `jwt_secrets`: the claim, or else the header parameter, that names the credential by its `key`.',
    minLength: 1,
    default: 'iss',
    examples: ['kid']
  }),
  secret_is_base64: Type.Boolean({
    title: 'Secret is base64',
    description: 'Secrets are base64url: `secret`, and those of `jwt_secrets` with HS256, HS384 and HS512.',
    default: false,
    examples: [true]
  }),
  header_names: Type.Array(HeaderName, {
    title: 'Header names',
    description: 'Header fields that may carry the token, as `Bearer <token>`.',
    default: ['authorization'],
    examples: [['authorization', 'x-access-token']]
  }),
  cookie_names: Type.Array(Type.String({ title: 'Cookie name', description: 'Exact name of a cookie.', minLength: 1, examples: ['session'] }), {
    title: 'Cookie names',
    description: 'Cookies that may carry the token.',
    default: [],
    examples: [['session']]
  }),
  uri_param_names: Type.Array(Type.String({ title: 'Argument name', description: 'Exact name of a query argument.', minLength: 1, examples: ['jwt'] }), {
    title: 'Query arguments',
    description: 'Query arguments that may carry the token. Addresses end up in logs and histories: `[]` closes this way.',
    default: ['jwt'],
    examples: [[]]
  }),
  strip_token: Type.Boolean({
    title: 'Strip token',
    description: 'Take the token out of what goes to the upstream, wherever it was sent.',
    default: false,
    examples: [true]
  }),
  leeway: Type.Number({
    title: 'Leeway',
    description: 'Seconds by which clocks may differ, for `exp`, `nbf` and `iat`.',
    minimum: 0,
    maximum: 600,
    default: 30,
    examples: [60]
  }),
  claims_to_verify: Type.Array(Type.Enum(['exp', 'nbf'], { title: 'Claim', description: 'Name of a claim.', examples: ['exp'] }), {
    title: 'Claims to verify',
    description: 'Times that a token must have. Those that it has are always verified, `iat` included.',
    uniqueItems: true,
    default: [],
    examples: [['exp']]
  }),
  maximum_expiration: Type.Number({
    title: 'Maximum expiration',
    description: 'Longest time in seconds that a token may still have; 0: any. A token without `exp` is then refused.',
    minimum: 0,
    maximum: 31_536_000,
    default: 0,
    examples: [3600]
  }),
  required_claims: Type.Array(Type.String(ClaimPath), {
    title: 'Required claims',
    description: 'Claims that must be there and not be empty; dots lead inside.',
    default: [],
    examples: [['sub', 'tenant_id']]
  }),
  scopes_required: Type.Array(Type.String({ title: 'Scopes', description: 'Scopes with blanks between: all of them.', minLength: 1, examples: ['orders:read'] }), {
    title: 'Required scopes',
    description: 'One item is enough; inside an item, blanks separate scopes that must all be there. `["a b", "c"]`: a and b, or c.',
    default: [],
    examples: [['orders:read']]
  }),
  scopes_claim: Type.Array(Type.String(ClaimPath), {
    title: 'Scopes claim',
    description: 'Where the scopes are, step by step: a list, or a text with blanks between.',
    minItems: 1,
    default: ['scope'],
    examples: [['scp']]
  }),
  roles_required: Type.Array(Type.String({ title: 'Roles', description: 'Roles with blanks between: all of them.', minLength: 1, examples: ['admin'] }), {
    title: 'Required roles',
    description: 'As `scopes_required`.',
    default: [],
    examples: [['admin']]
  }),
  roles_claim: Type.Array(Type.String(ClaimPath), {
    title: 'Roles claim',
    description: 'Where the roles are, step by step: a list, or a text with blanks between.',
    minItems: 1,
    default: ['roles'],
    examples: [['realm_access', 'roles']]
  }),
  claims_to_headers: Type.Record(HeaderName, Type.String({ title: 'Claim', description: 'Name of the claim; dots lead inside.', minLength: 1, examples: ['sub'] }), {
    title: 'Claims to headers',
    additionalProperties: false,
    description: 'Header fields for the upstream, each with its claim. Lists are joined by commas, objects are JSON; client-sent copies are removed on every route.',
    default: {},
    examples: [{ 'X-User-ID': 'sub', 'X-User-Roles': 'realm_access.roles' }]
  }),
  consumer_claim: Type.Optional(Type.Array(Type.String(ClaimPath), {
    title: 'Consumer claim',
    description: 'The claim that names the consumer, step by step. Not with `jwt_secrets`, which have a consumer each.',
    minItems: 1,
    refersTo: 'consumers',
    examples: [['sub']]
  })),
  consumer_by: Type.Array(Type.Enum(['username', 'custom_id'], { title: 'Field', description: 'Field of a consumer.', examples: ['custom_id'] }), {
    title: 'Consumer by',
    description: 'Fields of a consumer that are compared with the claim, in this order.',
    minItems: 1,
    uniqueItems: true,
    default: ['username', 'custom_id'],
    examples: [['custom_id']]
  }),
  consumer_optional: Type.Boolean({
    title: 'Consumer optional',
    description: 'Let tokens pass whose consumer isn\'t there, as no consumer. Otherwise they get 403.',
    default: false,
    examples: [true]
  }),
  revocation: Type.Optional(Revocation),
  cached_tokens: Type.Integer({
    title: 'Cached tokens',
    description: 'Verified tokens that are remembered (by hash) until they expire; 0: none.',
    minimum: 0,
    maximum: 1_000_000,
    default: 10_000,
    examples: [100_000]
  }),
  realm: Type.Optional(Type.String({
    title: 'Realm',
    description: 'Realm of the `WWW-Authenticate` challenge.',
    pattern: '^[\\x20-\\x7e]+$',
    examples: ['orders']
  })),
  run_on_preflight: Type.Boolean({
    title: 'Run on preflight',
    description: '`false` lets OPTIONS requests pass unauthenticated.',
    default: true,
    examples: [false]
  }),
  anonymous: AnonymousConsumer
}, {
  title: 'jwt',
  description: 'Lets requests pass that bring a valid JSON Web Token, of consumers of the file or of identity providers.',
  additionalProperties: false
})
