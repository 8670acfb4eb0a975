import { AnonymousConsumer, HeaderName, Type } from '../../src/plugin.ts'

const Step = Type.String({ title: 'Claim', description: 'Name of a claim, or of a member inside.', minLength: 1, examples: ['realm_access'] })

const Claim = (what: string, standard: string) => Type.Array(Step, {
  title: `Claim of ${what}`,
  description: `Where ${what} are, step by step: a list, or a text with blanks between.`,
  minItems: 1,
  default: [standard],
  examples: [[standard]]
})

const Required = (what: string, example: string) => Type.Array(Type.String({ title: `Required ${what}`, description: 'Values with blanks between: all of them.', minLength: 1, examples: [example] }), {
  title: `Required ${what}`,
  description: 'One item is enough; inside an item, blanks separate values that must all be there. `["a b", "c"]`: a and b, or c.',
  default: [],
  examples: [[example]]
})

const Places = ['header', 'query', 'cookie'] as const

/** Whose tokens, and how they are verified. */
const verification = {
  issuer: Type.String({
    title: 'Issuer',
    description: 'The provider, as it calls itself, or the address of its discovery document. `iss` of a token has to be this issuer.',
    minLength: 1,
    examples: ['https://auth.example.com/']
  }),
  issuers_allowed: Type.Optional(Type.Array(Type.String({ title: 'Issuer', description: 'What `iss` may be.', minLength: 1, examples: ['https://auth.example.com/'] }), {
    title: 'Allowed issuers',
    description: 'What `iss` may be, instead of the issuer alone. The keys are those of `issuer` all the same.',
    minItems: 1,
    examples: [['https://auth.example.com/', 'https://sts.example.com/']]
  })),
  auth_methods: Type.Array(Type.Enum(['bearer', 'introspection'], { title: 'Method', description: '`bearer`: signed tokens (JWT). `introspection`: any token, by asking the provider.', examples: ['bearer'] }), {
    title: 'Methods',
    description: '`bearer` verifies signed tokens (JWT) with the keys of the provider, `introspection` asks it about tokens. With both, signed ones are verified and the others asked about.',
    minItems: 1,
    uniqueItems: true,
    default: ['bearer'],
    examples: [['bearer', 'introspection']]
  }),
  jwks_endpoint: Type.Optional(Type.String({ title: 'JWKS endpoint', description: 'Address of the key set. Without it, `issuer` is asked.', minLength: 1, examples: ['https://auth.example.com/jwks'] })),
  rediscovery_lifetime: Type.Integer({ title: 'Rediscovery lifetime', description: 'Seconds between two fetches of the key set because of a token that names an unknown key.', minimum: 1, maximum: 3_600, default: 30, examples: [60] }),
  leeway: Type.Number({ title: 'Leeway', description: 'Seconds by which clocks may differ, for `exp`, `nbf` and `iat` of signed tokens.', minimum: 0, maximum: 600, default: 30, examples: [0] }),
  timeout: Type.Integer({ title: 'Timeout', description: 'Milliseconds for a request to the provider.', minimum: 1, maximum: 60_000, default: 10_000, examples: [2_000] }),
  allow_insecure: Type.Boolean({ title: 'Allow insecure', description: 'Talk plain http to the provider as well. Whoever sits in between can then make up tokens.', default: false, examples: [true] }),
  cached_tokens: Type.Integer({ title: 'Cached tokens', description: 'Verified tokens, and answers of each kind of introspection, that are remembered (by hash).', minimum: 1, maximum: 1_000_000, default: 10_000, examples: [100_000] })
}

/** How the gateway asks about tokens. */
const introspection = {
  client_id: Type.Optional(Type.Array(Type.String({ title: 'Client id', description: 'Who the gateway is at the provider.', minLength: 1, examples: ['gateway'] }), {
    title: 'Client id', description: 'Who the gateway is at the provider, for introspection; one item.', minItems: 1, maxItems: 1, examples: [['gateway']]
  })),
  client_secret: Type.Optional(Type.Array(Type.String({ title: 'Client secret', description: 'Secret of that client.', minLength: 1, secret: true, examples: ['{vault://env/introspection-secret}'] }), {
    title: 'Client secret', description: 'Secret of that client; one item.', minItems: 1, maxItems: 1, examples: [['{vault://env/introspection-secret}']]
  })),
  client_private_key: Type.Optional(Type.String({ title: 'Client key', description: 'Private key of that client in PEM, for `private_key_jwt`: RSA, EC or Ed25519.', minLength: 1, secret: true, examples: ['{vault://env/gateway-private-key}'] })),
  client_key_id: Type.Optional(Type.String({ title: 'Client key id', description: 'The `kid` under which the provider knows that key.', minLength: 1, examples: ['gateway-2026'] })),
  introspection_endpoint: Type.Optional(Type.String({ title: 'Introspection endpoint', description: 'Where the provider introspects tokens. Without it, `issuer` is asked.', minLength: 1, examples: ['https://auth.example.com/introspect'] })),
  introspection_endpoint_auth_method: Type.Enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt'], { title: 'Client authentication', description: 'How the client proves itself there.', default: 'client_secret_basic', examples: ['client_secret_post'] }),
  introspection_hint: Type.String({ title: 'Introspection hint', description: 'Tells the provider where to look first; empty: nothing.', default: 'access_token', examples: [''] }),
  introspect_jwt_tokens: Type.Boolean({ title: 'Introspect JWT', description: 'With both methods: ask about signed tokens as well, after they were verified, so that revoked ones end.', default: false, examples: [true] }),
  cache_ttl: Type.Number({ title: 'Lifetime', description: 'Seconds for which an active token is believed without asking again, never past its `exp`; 0: asked on each request.', minimum: 0, maximum: 3_600, default: 30, examples: [10] }),
  cache_ttl_neg: Type.Number({ title: 'Lifetime of a no', description: 'Seconds for which a token that is not active is refused without asking again; 0: asked on each request.', minimum: 0, maximum: 3_600, default: 10, examples: [0] })
}

const places = {
  bearer_token_param_type: Type.Array(Type.Enum([...Places], { title: 'Place', description: 'Where a token may stand.', examples: ['header'] }), {
    title: 'Places of the token',
    description: '`header`: `Authorization: Bearer …`. `query`: argument `access_token`; addresses end up in logs. `cookie`: the cookie of `bearer_token_cookie_name`.',
    minItems: 1,
    uniqueItems: true,
    default: ['header', 'query'],
    examples: [['header']]
  }),
  bearer_token_header_name: Type.Optional({ ...HeaderName, title: 'Header of the token', description: 'A further header field that may carry `Bearer …`.', examples: ['x-forwarded-authorization'] }),
  bearer_token_cookie_name: Type.Optional(Type.String({ title: 'Cookie of the token', description: 'Name of the cookie, for the place `cookie`.', minLength: 1, examples: ['access'] })),
  hide_credentials: Type.Boolean({ title: 'Hide credentials', description: 'Take the token out of what goes to the upstream.', default: true, examples: [false] })
}

const claims = {
  audience_required: Required('audiences', 'https://api.example.com'),
  audience_claim: Claim('audiences', 'aud'),
  scopes_required: Required('scopes', 'orders:read'),
  scopes_claim: Claim('scopes', 'scope'),
  groups_required: Required('groups', 'staff'),
  groups_claim: Claim('groups', 'groups'),
  roles_required: Required('roles', 'admin'),
  roles_claim: Claim('roles', 'roles'),
  claims_forbidden: Type.Array(Step, { title: 'Forbidden claims', description: 'Claims that a token must not have.', default: [], examples: [['impersonated_by']] }),
  authenticated_groups_claim: Type.Optional(Type.Array(Step, { title: 'Authenticated groups', description: 'Where the groups are that the plugin `acl` looks at, step by step.', minItems: 1, examples: [['groups']] })),
  consumer_claim: Type.Optional(Type.Array(Step, { title: 'Consumer claim', description: 'The claim that names the consumer, step by step.', minItems: 1, refersTo: 'consumers', examples: [['sub']] })),
  consumer_by: Type.Array(Type.Enum(['username', 'custom_id'], { title: 'Field', description: 'Field of a consumer.', examples: ['custom_id'] }), {
    title: 'Consumer by', description: 'Fields of a consumer that are compared with the claim, in this order.', minItems: 1, uniqueItems: true, default: ['custom_id', 'username'], examples: [['custom_id']]
  }),
  consumer_optional: Type.Boolean({ title: 'Consumer optional', description: 'Let tokens pass whose consumer isn\'t there, as no consumer. Otherwise they get 403.', default: false, examples: [true] })
}

const upstream = {
  upstream_headers_claims: Type.Array(Type.String({ title: 'Claim', description: 'Name of a claim; dots lead inside where there is none of that name.', minLength: 1, examples: ['sub'] }), {
    title: 'Claims for the upstream', description: 'Claims that go upstream, each in the field of the same place in `upstream_headers_names`.', default: [], examples: [['sub', 'email']]
  }),
  upstream_headers_names: Type.Array(HeaderName, { title: 'Fields for the upstream', description: 'Names of header fields, one for each of `upstream_headers_claims`.', default: [], examples: [['X-User-ID', 'X-User-Email']] }),
  upstream_headers: Type.Array(Type.Object({
    header: { ...HeaderName, title: 'Header', description: 'Name of the header field.' },
    path: Type.Array(Step, { title: 'Path', description: 'Where the claim is, step by step.', minItems: 1, examples: [['realm_access', 'roles']] })
  }, { title: 'Field', description: 'A header field and its claim.', additionalProperties: false, examples: [{ header: 'X-User-Roles', path: ['realm_access', 'roles'] }] }), {
    title: 'Claims by path', description: 'Claims that go upstream, also those inside of others. Lists are joined by commas, objects are JSON; client-sent copies are removed on every route.', default: [], examples: [[{ header: 'X-User-Roles', path: ['realm_access', 'roles'] }]]
  })
}

const answers = {
  unauthorized_error_message: Type.String({ title: 'Message of 401', description: 'What is answered when there is no good token.', minLength: 1, default: 'Unauthorized', examples: ['Sign in first'] }),
  forbidden_error_message: Type.String({ title: 'Message of 403', description: 'What is answered when a good token is not good enough.', minLength: 1, default: 'Forbidden', examples: ['Not for you'] }),
  expose_error_code: Type.Boolean({ title: 'Expose error code', description: 'Say `error="…"` in the `WWW-Authenticate` challenge.', default: true, examples: [false] }),
  display_errors: Type.Boolean({ title: 'Display errors', description: 'Answer with the reason instead of the two messages.', default: false, examples: [true] }),
  run_on_preflight: Type.Boolean({ title: 'Run on preflight', description: '`false` lets OPTIONS requests pass unauthenticated.', default: true, examples: [false] }),
  anonymous: AnonymousConsumer
}

export const OpenidConnect = Type.Object({ ...verification, ...introspection, ...places, ...claims, ...upstream, ...answers }, {
  title: 'openid-connect',
  description: 'Lets requests pass that bring a token of an OpenID provider: signed ones, or any that the provider calls active.',
  additionalProperties: false
})
