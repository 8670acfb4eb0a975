import { AnonymousConsumer, HeaderName, Type } from '../../src/plugin.ts'
import { Algorithms, Audience, Jwks, JwksFile, JwksUri, PublicKey, Secret, TrustedIssuer } from './keys-schema.ts'
import { Revocation } from './revocation-schema.ts'

const ClaimPath = { title: 'Claim', description: 'Name of a claim, or of a member inside.', minLength: 1, examples: ['realm_access'] }

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
