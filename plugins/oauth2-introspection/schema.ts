import { AnonymousConsumer, HeaderName, Type } from '../../src/plugin.ts'

const Url = {
  title: 'URL',
  minLength: 1
}

const Words = (what: string, example: string) => Type.Array(Type.String({ title: what, description: `${what} with blanks between: all of them.`, minLength: 1, examples: [example] }), {
  title: `Required ${what.toLowerCase()}`,
  description: 'One item is enough; inside an item, blanks separate those that must all be there. `["a b", "c"]`: a and b, or c.',
  default: [],
  examples: [[example]]
})

const ClaimStep = Type.String({ title: 'Claim', description: 'Name of a member, or of one inside.', minLength: 1, examples: ['scope'] })

export const OAuth2Introspection = Type.Object({
  introspection_url: Type.Optional(Type.String({
    ...Url,
    title: 'Introspection URL',
    description: 'Where the provider introspects tokens (RFC 7662). Without it, `issuer` is asked.',
    examples: ['https://auth.example.com/oauth2/introspect']
  })),
  issuer: Type.Optional(Type.String({
    ...Url,
    title: 'Issuer',
    description: 'The provider, to find `introspection_url` from. Where answers name an `iss`, it has to be this one.',
    examples: ['https://auth.example.com/']
  })),
  client_id: Type.Optional(Type.String({ title: 'Client id', description: 'Who the gateway is at the provider.', minLength: 1, examples: ['gateway'] })),
  client_secret: Type.Optional(Type.String({ title: 'Client secret', description: 'Secret of that client.', minLength: 1, secret: true, examples: ['{vault://env/introspection-secret}'] })),
  client_auth: Type.Enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt'], {
    title: 'Client authentication',
    description: 'How the client proves itself: its secret in the Authorization field or in the form, or an assertion signed with its key (RFC 7523).',
    default: 'client_secret_basic',
    examples: ['private_key_jwt']
  }),
  client_private_key: Type.Optional(Type.String({
    title: 'Client key',
    description: 'Private key of the client in PEM, for `private_key_jwt`: RSA (RS256), EC (ES256, ES384, ES512) or Ed25519 (EdDSA).',
    minLength: 1,
    secret: true,
    examples: ['{vault://env/gateway-private-key}']
  })),
  client_key_id: Type.Optional(Type.String({ title: 'Client key id', description: 'The `kid` under which the provider knows that key.', minLength: 1, examples: ['gateway-2026'] })),
  authorization_value: Type.Optional(Type.String({
    title: 'Authorization',
    description: 'Sent to the provider in the Authorization field as it stands, instead of `client_id` and what belongs to it.',
    pattern: '^[\\x21-\\x7e]+( [\\x21-\\x7e]+)*$',
    secret: true,
    examples: ['{vault://env/introspection-authorization}']
  })),
  custom_introspection_headers: Type.Record(HeaderName, Type.String({ title: 'Value', description: 'Value of the field.', pattern: '^[\\x20-\\x7e]*$', examples: ['edge'] }), {
    title: 'Custom headers',
    description: 'Further fields of requests to the provider.',
    default: {},
    examples: [{ 'X-Team': 'edge' }]
  }),
  token_type_hint: Type.Optional(Type.String({ title: 'Token type hint', description: 'Tells the provider where to look first.', minLength: 1, examples: ['access_token'] })),
  timeout: Type.Integer({ title: 'Timeout', description: 'Milliseconds for a request to the provider, from its name to the last byte.', minimum: 1, maximum: 60_000, default: 10_000, examples: [2_000] }),
  keepalive: Type.Integer({ title: 'Keep alive', description: 'Milliseconds for which an idle connection to the provider stays open.', minimum: 0, maximum: 600_000, default: 60_000, examples: [5_000] }),
  allow_insecure: Type.Boolean({ title: 'Allow insecure', description: 'Talk plain http to the provider as well. Whoever sits in between sees tokens, and can make any good.', default: false, examples: [true] }),
  ttl: Type.Number({ title: 'Lifetime', description: 'Seconds for which an active token is believed without asking again, never past its `exp`; 0: asked on each request. A revoked token lives on for so long.', minimum: 0, maximum: 3_600, default: 30, examples: [10] }),
  inactive_ttl: Type.Number({ title: 'Lifetime of a no', description: 'Seconds for which a token that is not active is refused without asking again; 0: asked on each request.', minimum: 0, maximum: 3_600, default: 10, examples: [0] }),
  cached_tokens: Type.Integer({ title: 'Cached tokens', description: 'Answers that are remembered (by hash): so many for active tokens, and as many for others.', minimum: 1, maximum: 1_000_000, default: 10_000, examples: [100_000] }),
  breaker: Type.Object({
    failures: Type.Integer({ title: 'Failures', description: 'Failures in a row after which the provider is left alone; 0: never.', minimum: 0, maximum: 1_000, default: 5, examples: [10] }),
    timeout: Type.Integer({ title: 'Timeout', description: 'Milliseconds after which one request tries again. Until then, tokens that are not remembered get 503 at once.', minimum: 100, maximum: 600_000, default: 10_000, examples: [2_000] })
  }, { title: 'Breaker', description: 'What to do when the provider fails.', additionalProperties: false, default: {}, examples: [{ failures: 10 }] }),
  audience: Type.Optional(Type.Array(Type.String({ title: 'Audience', description: 'An audience.', minLength: 1, examples: ['https://api.example.com'] }), {
    title: 'Audience',
    description: 'One of them has to be in `aud`.',
    minItems: 1,
    examples: [['https://api.example.com']]
  })),
  scopes_required: Words('Scopes', 'orders:read'),
  scopes_claim: Type.Array(ClaimStep, { title: 'Scopes claim', description: 'Where the scopes are, step by step: a list, or a text with blanks between.', minItems: 1, default: ['scope'], examples: [['scp']] }),
  roles_required: Words('Roles', 'admin'),
  roles_claim: Type.Array(ClaimStep, { title: 'Roles claim', description: 'Where the roles are, step by step: a list, or a text with blanks between.', minItems: 1, default: ['roles'], examples: [['realm_access', 'roles']] }),
  required_claims: Type.Array(ClaimStep, { title: 'Required claims', description: 'Members of the answer that must be there and not be empty; dots lead inside.', default: [], examples: [['sub']] }),
  claims_to_headers: Type.Record(HeaderName, ClaimStep, {
    title: 'Claims to headers',
    description: 'Header fields for the upstream, each with its claim. Lists are joined by commas, objects are JSON; client-sent copies are removed on every route.',
    default: {},
    examples: [{ 'X-User-ID': 'sub' }]
  }),
  custom_claims_forward: Type.Array(Type.String({ title: 'Claim', description: 'Name of a member of the answer.', pattern: '^[A-Za-z0-9_.-]+$', examples: ['tenant_id'] }), {
    title: 'Custom claims',
    description: 'Further members of the answer for the upstream, as `X-Credential-<Name>`.',
    uniqueItems: true,
    default: [],
    examples: [['tenant_id']]
  }),
  consumer_by: Type.Enum(['username', 'client_id'], { title: 'Consumer by', description: 'Member of the answer that names the consumer, by its username or else its custom_id.', default: 'username', refersTo: 'consumers', examples: ['client_id'] }),
  consumer_claim: Type.Optional(Type.Array(ClaimStep, {
    title: 'Consumer claim',
    description: 'Another member of the answer that names the consumer, step by step; instead of `consumer_by`.',
    minItems: 1,
    refersTo: 'consumers',
    examples: [['sub']]
  })),
  consumer_optional: Type.Boolean({ title: 'Consumer optional', description: 'Let tokens pass whose consumer isn\'t there, as no consumer. `false`: they get 403.', default: true, examples: [false] }),
  hide_credentials: Type.Boolean({ title: 'Hide credentials', description: 'Take the token out of what goes to the upstream.', default: true, examples: [false] }),
  realm: Type.Optional(Type.String({ title: 'Realm', description: 'Realm of the `WWW-Authenticate` challenge.', pattern: '^[\\x20-\\x7e]+$', examples: ['orders'] })),
  run_on_preflight: Type.Boolean({ title: 'Run on preflight', description: '`false` lets OPTIONS requests pass unauthenticated.', default: true, examples: [false] }),
  anonymous: AnonymousConsumer
}, {
  title: 'oauth2-introspection',
  description: 'Lets requests pass whose token the provider calls active.',
  additionalProperties: false,
  // where to ask, and who asks
  allOf: [
    { anyOf: [{ required: ['introspection_url'] }, { required: ['issuer'] }] },
    { anyOf: [{ required: ['client_id'] }, { required: ['authorization_value'] }] }
  ]
})
