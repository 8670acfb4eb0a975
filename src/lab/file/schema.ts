import { Type, type Static, type TSchema, type TUnsafe } from 'typebox'
import { JWT_ALGORITHMS } from '../../auth/jwt/algorithms.ts'

/** Schema of `*.test.yaml`: the one source of check, types, docs and editor schema. */

const closed = { additionalProperties: false } as const

/** Parts that stand in several places: said once, and compiled once. */
const shared: Record<string, TSchema> = {}

function share<Part extends TSchema> (name: string, part: Part): TUnsafe<Static<Part>> {
  shared[name] = part
  return Type.Unsafe<Static<Part>>({ $ref: `#/definitions/${name}` })
}

const HeaderValue = Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })])

const Headers = Type.Record(Type.String({ minLength: 1 }), HeaderValue, {
  title: 'Headers', description: 'Header fields by their names; a list makes a field for each value.', examples: [{ Accept: 'application/json' }]
})

const Json = Type.Unknown({ title: 'JSON', description: 'Body, sent as JSON with its Content-Type.', examples: [{ id: 7 }] })

export const Stub = Type.Object({
  when: Type.Optional(Type.Object({
    method: Type.Optional(Type.String({ description: 'Method of the request that reaches the stub.', examples: ['GET'] })),
    path: Type.Optional(Type.String({ description: 'Its path, without query.', examples: ['/orders/7'] })),
    matches: Type.Optional(Type.String({ description: 'Regular expression that its path and query match somewhere.', examples: ['^/orders/\\d+$'] }))
  }, { ...closed, title: 'When', description: 'Requests that get this answer; the first one of a list that fits is sent. Without it: all.' })),
  status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599, description: 'Status of the answer; 200 where it is left out.', examples: [404] })),
  headers: Type.Optional(Headers),
  body: Type.Optional(Type.String({ description: 'Body of the answer.', examples: ['hello'] })),
  json: Type.Optional(Json),
  error: Type.Optional(Type.Enum(['refused', 'reset', 'silent'], { description: '`refused`: the server takes no connection. `reset`: it cuts the connection. `silent`: it never answers, and the service\'s real read_timeout passes.', examples: ['refused'] })),
  websocket: Type.Optional(Type.Object({
    send: Type.Optional(Type.Array(Type.String(), { description: 'Messages that it sends as soon as the socket is open.', examples: [['welcome']] })),
    replies: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String())]), { description: 'What it sends for a message; others are not answered. Where it is left out, each message comes back.', examples: [{ ping: 'pong' }] }))
  }, { ...closed, description: 'It takes WebSockets; without it, who asks for one gets the answer. A service without any stub takes them, and sends back what comes.' })),
  certificate: Type.Optional(Type.Enum(['good', 'expired', 'untrusted', 'other-name'], { description: 'What a server of `https` shows: the gateway trusts an authority of the test in the place of those that it would, and refuses `expired`, `untrusted` (of another authority) and `other-name` unless the service says `tls_verify: false`. Where it is left out, `good`. Of a list of answers, the first that says one.', examples: ['expired'] }))
}, { ...closed, title: 'Answer', description: 'What a stub answers.' })

const Stubs = share('stubs', Type.Record(Type.String({ minLength: 1 }), Type.Union([Stub, Type.Array(Stub, { minItems: 1 })]), {
  title: 'Stubs',
  description: 'What stands in the place of servers: by name of a service or an upstream, by `host:port`, and `*` for all services that are not named. A service without one answers 200 with nothing. At the `host:port` of an identity provider, what no answer fits is answered by the test\'s.',
  examples: [{ users: { json: { id: 7 } }, '*': { status: 204 } }]
}))

const Clock = Type.String({
  pattern: '^(?:\\+\\d+(?:ms|s|m|h|d)|\\d{4}-\\d\\d-\\d\\d(?:T\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?(?:Z|[+-]\\d\\d:\\d\\d))?)$',
  title: 'Clock',
  description: 'Moves the clock on (`+61s`; ms, s, m, h, d) or says what time it is (`2030-01-31T12:00:00Z`). It stands still otherwise.',
  examples: ['+61s', '2030-01-31T12:00:00Z']
})

const Token = Type.Object({
  claims: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Claims beside `iss`, `iat` and `exp`; these may be given too, and null leaves one out.', examples: [{ sub: 'ann', aud: 'orders' }] })),
  issuer: Type.Optional(Type.String({ description: '`iss`; the first issuer of the file where it is left out.', examples: ['https://auth.example.com/'] })),
  algorithm: Type.Optional(Type.Enum([...JWT_ALGORITHMS], { description: 'How it is signed; RS256 where it is left out, or what `private_key` is for.', examples: ['ES256'] })),
  secret: Type.Optional(Type.String({ description: 'Secret of HS256, HS384 and HS512; the `secret` that the file has for the issuer where it is left out.', examples: ['a-secret-of-this-test-alone'] })),
  private_key: Type.Optional(Type.String({ minLength: 1, description: 'Private key in PEM that signs in the place of the provider: for `public_key`, `jwks` and `jwks_file`, and with `consumer` for `jwt_secrets` with a public key. A key for tests alone.', examples: ['-----BEGIN PRIVATE KEY-----\\n…'] })),
  consumer: Type.Optional(Type.String({ description: 'Signed with the first of `jwt_secrets` of this consumer, which has to be one of HS256, HS384 or HS512; `iss` is its key.', examples: ['ann'] })),
  lifetime: Type.Optional(Type.Integer({ description: 'Seconds until it ends; 3600 where it is left out. Below 0 it has ended.', examples: [60, -600] })),
  not_before: Type.Optional(Type.Integer({ description: 'Seconds until it begins (`nbf`); without it, it says nothing of that.', examples: [600] })),
  opaque: Type.Optional(Type.Boolean({ description: 'It is a random text, which only introspection tells about.', examples: [true] })),
  forged: Type.Optional(Type.Boolean({ description: 'The provider does not know the key it was signed by (or the opaque token).', examples: [true] })),
  earlier_key: Type.Optional(Type.Boolean({ description: 'Signed by the key before the last `rotate_keys`.', examples: [true] })),
  revoked: Type.Optional(Type.Boolean({ description: 'Introspection says that it is not active.', examples: [true] })),
  header: Type.Optional(Type.String({ minLength: 1, description: 'Field that it is sent in, without `Bearer`; where this is left out, `Authorization: Bearer`.', examples: ['X-Token'] }))
}, { ...closed, title: 'Token', description: 'Token of the identity provider of the test, which stands for every one that the file names; each of these has keys of its own.' })

const ClientCertificate = Type.Object({
  subject: Type.Optional(Type.String({ description: 'Its subject as RFC 4514 writes it, of CN, O, OU, L, ST, C, DC and UID; empty where it is left out.', examples: ['CN=ann,O=Partner'] })),
  names: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description: 'Its alternative names: DNS names, e-mail addresses, addresses, URIs.', examples: [['ann@example.com']] })),
  issuer: Type.Optional(Type.String({ description: 'Item of `ca_certificates` that vouches for it, by name or id: an authority of the test with the same subject stands in its place. The first one where it is left out.', examples: ['partners'] })),
  untrusted: Type.Optional(Type.Boolean({ description: 'An authority vouches for it that nobody knows.', examples: [true] })),
  expired: Type.Optional(Type.Boolean({ description: 'It has ended.', examples: [true] })),
  revoked: Type.Optional(Type.Boolean({ description: 'The lists of `crl_file` say that it is revoked: entries that have one refuse it, others accept it.', examples: [true] })),
  header: Type.Optional(Type.String({ minLength: 1, description: 'Field that a proxy would send it in, `certificate_header_name` of a `header-cert-auth` entry: it is written as that entry reads it. Where it is left out, the client shows it in the handshake.', examples: ['X-Client-Cert'] }))
}, { ...closed, title: 'Client certificate', description: 'Certificate of the client, made for the test.' })

const Request = share('request', Type.Union([
  Type.String({ pattern: '^(?:[A-Z]+ )?(?:/|(?:https?|wss?)://)\\S*$', description: 'Method and URL; GET without one.', examples: ['GET /users/7'] }),
  Type.Object({
    method: Type.Optional(Type.String({ minLength: 1, description: 'Method; GET where it is left out.', examples: ['POST'] })),
    url: Type.String({ pattern: '^(?:/|(?:https?|wss?)://)\\S*$', description: 'URL, or path and query: then the host is localhost.', examples: ['https://api.example.com/users?page=2'] }),
    headers: Type.Optional(Headers),
    body: Type.Optional(Type.String({ description: 'Body as text.', examples: ['a=1'] })),
    json: Type.Optional(Json),
    ip: Type.Optional(Type.String({ minLength: 2, description: 'Address that the connection comes from; 192.0.2.1 where it is left out.', examples: ['203.0.113.9'] })),
    consumer: Type.Optional(Type.String({ minLength: 1, description: 'Who calls, by username or id: authentication plugins are passed over, as if they had found this one.', examples: ['ann'] })),
    token: Type.Optional(Token),
    client_certificate: Type.Optional(ClientCertificate),
    messages: Type.Optional(Type.Array(Type.String(), { description: 'A WebSocket is opened, as by `ws://` and `wss://`; these messages are sent on it, and then it is closed.', examples: [['ping']] }))
  }, closed)
], { title: 'Request', description: 'What a client sends.' }))

/** A text that is to be there, or what is known about it. */
function text (what: string): TSchema {
  return Type.Union([
    Type.String(),
    Type.Object({
      equals: Type.Optional(Type.String()),
      contains: Type.Optional(Type.String({ minLength: 1 })),
      matches: Type.Optional(Type.String({ minLength: 1, description: 'Regular expression that matches somewhere.' }))
    }, { ...closed, minProperties: 1 })
  ], { description: `${what}: as it is, or \`contains\` or \`matches\`.`, examples: [{ matches: '^\\d+$' }] })
}

const ExpectedHeaders = Type.Record(Type.String({ minLength: 1 }), Type.Union([text('The value'), Type.Array(Type.String(), { minItems: 1 }), Type.Null()]), {
  minProperties: 1,
  description: 'Header fields: their values (several of one name are joined with `, `), a list of them, or null for "it is not there".',
  examples: [{ 'cache-control': 'no-store', server: null }]
})

const ExpectedJson = Type.Unknown({
  description: 'JSON body. Objects may have more members than those that are named, lists are compared whole; `{ $matches: … }` stands for a text or number that the regular expression matches.',
  examples: [{ id: { $matches: '^\\d+$' } }]
})

const Status = Type.Union([Type.Integer({ minimum: 100, maximum: 599 }), Type.Enum(['2xx', '3xx', '4xx', '5xx'])])

const UpstreamRequest = Type.Object({
  service: Type.Optional(Type.String({ description: 'Service, upstream or `host:port` that it went to.', examples: ['users'] })),
  method: Type.Optional(Type.String({ examples: ['GET'] })),
  url: Type.Optional(text('The whole URL')),
  path: Type.Optional(text('Path, without query')),
  query: Type.Optional(Type.Union([text('Query, without `?`'), Type.Null()], { description: 'Query, without `?`; null: there is none.', examples: ['page=2'] })),
  headers: Type.Optional(ExpectedHeaders),
  body: Type.Optional(text('Body')),
  json: Type.Optional(ExpectedJson),
  client_certificate: Type.Optional(Type.Union([text('Subject'), Type.Null()], { description: 'Subject (RFC 4514) of the certificate that the gateway has shown, its `client_certificate`; null: none.', examples: ['CN=gateway,O=Example'] })),
  messages: Type.Optional(Type.Array(text('A message'), { description: 'What has come on the WebSocket, in order.', examples: [['ping']] })),
  count: Type.Optional(Type.Integer({ minimum: 0, description: 'How many requests reached servers; where it is left out, at least one.', examples: [1] }))
}, { ...closed, description: 'What the upstream got: the last one of several.', examples: [{ path: '/api/users/7', headers: { 'x-consumer-username': 'ann' } }] })

const Expect = share('expect', Type.Object({
  status: Type.Optional(Type.Union([Status, Type.Array(Status, { minItems: 1 })], { description: 'Status of the answer, or those that are good.', examples: [200, '4xx'] })),
  route: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'Route that the request took; null: none.', examples: ['users'] })),
  service: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'Service that it went to; null: none.', examples: ['users'] })),
  consumer: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'Who called, as the gateway has found out; null: nobody.', examples: ['ann'] })),
  answered_by: Type.Optional(Type.String({ description: '`upstream`, `gateway`, or the plugin that has answered.', examples: ['upstream', 'key-auth'] })),
  headers: Type.Optional(ExpectedHeaders),
  body: Type.Optional(text('Body of the answer')),
  messages: Type.Optional(Type.Array(text('A message'), { description: 'What came back on the WebSocket, in order.', examples: [['pong']] })),
  json: Type.Optional(ExpectedJson),
  upstream: Type.Optional(Type.Union([UpstreamRequest, Type.Null()], { description: 'What the upstream got; null: nothing.' })),
  plugins: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Type.Enum(['allowed', 'refused', 'answered', 'failed', 'skipped', 'absent']), {
    minProperties: 1,
    description: 'What became of the request in plugins of the route. `allowed`: it went on. `refused`: a status from 400 to 499. `answered`: another answer (a redirect, one from the cache). `failed`: a status from 500. `skipped`: another one had ended it before. `absent`: the plugin is not for it.',
    examples: [{ 'key-auth': 'allowed', 'rate-limiting': 'refused' }]
  })),
  error: Type.Optional(Type.String({ description: 'Code of the error, as in the access log.', examples: ['SP_NO_ROUTE'] }))
}, { ...closed, minProperties: 1, title: 'Expect', description: 'What has to come of the request.' }))

const RotateKeys = Type.Enum(['add', 'replace'], { title: 'Rotate keys', description: 'Providers sign with new keys from now on. `add`: they publish those before as well. `replace`: they do not.', examples: ['add'] })

const Step = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1, description: 'Shown where it fails.', examples: ['the third one is too many'] })),
  clock: Type.Optional(Clock),
  stubs: Type.Optional(Stubs),
  rotate_keys: Type.Optional(RotateKeys),
  request: Type.Optional(Request),
  repeat: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: 'How often the request is sent; each time the same is expected.', examples: [5] })),
  expect: Type.Optional(Expect)
}, { ...closed, minProperties: 1, dependencies: { expect: ['request'], repeat: ['request'] }, title: 'Step', description: 'Stubs and clock change first, then the request is sent.' })

const Test = Type.Object({
  name: Type.String({ minLength: 1, description: 'What is tested, as a sentence.', examples: ['only who has a key sees orders'] }),
  skip: Type.Optional(Type.String({ minLength: 1, description: 'Why it is not run.', examples: ['until the new service is there'] })),
  clock: Type.Optional(Clock),
  stubs: Type.Optional(Stubs),
  rotate_keys: Type.Optional(RotateKeys),
  request: Type.Optional(Request),
  repeat: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: 'How often the request is sent; each time the same is expected.', examples: [5] })),
  expect: Type.Optional(Expect),
  steps: Type.Optional(Type.Array(Step, { minItems: 1, description: 'Requests that follow each other: what the gateway counts and remembers, it keeps from one to the next.' }))
}, {
  ...closed,
  dependencies: { request: ['expect'], expect: ['request'], repeat: ['request'] },
  title: 'Test',
  description: 'One request with what is expected, or steps. Each test begins with a gateway of its own: nothing is counted yet.'
})

export const ConfigTests = Type.Object({
  config: Type.Optional(Type.String({ minLength: 1, description: 'Configuration that is tested, relative to this file. Where it is left out: `gateway.yaml` beside this file, or in the nearest folder above.', examples: ['../gateway.yaml'] })),
  env: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Variables for references of the configuration, beside those of the environment, before which they come.', examples: [{ API_KEY: 'only-a-test' }] })),
  clock: Type.Optional(Clock),
  stubs: Type.Optional(Stubs),
  isolated: Type.Optional(Type.Boolean({ description: '`false`: the tests of this file share one gateway, with what it counts, and one clock. For configurations with thousands of routes, where making one for each test takes long. Default true.', examples: [false] })),
  tests: Type.Array(Test, { minItems: 1, description: 'The tests.' })
}, { ...closed, title: 'Tests of a configuration', description: 'Tests of a gateway.yaml, for `sallyport test`.', definitions: shared })

/** Parts that a program says by itself. */
export const Parts = Type.Object({ request: Type.Optional(Request), stubs: Type.Optional(Stubs), expect: Type.Optional(Expect) }, { ...closed, definitions: shared })

export type ConfigTestsSpec = Static<typeof ConfigTests>
export type TestSpec = Static<typeof Test>
export type StepSpec = Static<typeof Step>
export type RequestSpec = Static<typeof Request>
export type ClientCertificateSpec = Static<typeof ClientCertificate>
export type TokenSpec = Static<typeof Token>
export type StubSpec = Static<typeof Stub>
export type StubsSpec = Static<typeof Stubs>
/** Written out: texts are checked by one function. */
export interface ExpectSpec {
  readonly status?: number | string | ReadonlyArray<number | string>
  readonly route?: string | null
  readonly service?: string | null
  readonly consumer?: string | null
  readonly answered_by?: string
  readonly headers?: ExpectedHeadersSpec
  readonly body?: TextSpec
  readonly messages?: readonly TextSpec[]
  readonly json?: unknown
  readonly upstream?: UpstreamSpec | null
  readonly plugins?: Readonly<Record<string, string>>
  readonly error?: string
}
export type TextSpec = string | { readonly equals?: string, readonly contains?: string, readonly matches?: string }
export type ExpectedHeadersSpec = Readonly<Record<string, TextSpec | readonly string[] | null>>
export interface UpstreamSpec {
  readonly service?: string
  readonly method?: string
  readonly url?: TextSpec
  readonly path?: TextSpec
  readonly query?: TextSpec | null
  readonly headers?: ExpectedHeadersSpec
  readonly body?: TextSpec
  readonly messages?: readonly TextSpec[]
  readonly json?: unknown
  readonly client_certificate?: TextSpec | null
  readonly count?: number
}
