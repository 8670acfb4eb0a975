import { AnonymousConsumer, HeaderName, type Static, Type } from '../../src/plugin.ts'

const FieldNames = (title: string, description: string, examples: string[]) => ({
  title,
  description,
  uniqueItems: true,
  maxItems: 64,
  examples: [examples]
})

const AnswerField = (title: string, description: string, example: string) => Type.Optional({
  ...HeaderName,
  title,
  description,
  examples: [example]
})

export const ForwardAuth = Type.Object({
  url: Type.String({
    title: 'Address',
    description: 'Where the authoriser is asked: `http` or `https`, with path and query, without user name and password.',
    pattern: '^https?://[^/?#@\\s]+(?:[/?][^#\\s]*)?$',
    examples: ['https://auth.internal/verify']
  }),
  request_headers: Type.Optional(Type.Array(HeaderName, FieldNames('Request headers', 'Headers of the request that the authoriser gets, beside X-Forwarded-*. Without this all of them, but for those about the connection, the body, byte ranges and conditions.', ['Authorization', 'Cookie']))),
  upstream_headers: Type.Array(HeaderName, {
    ...FieldNames('Upstream headers', 'Headers of a 2xx answer that go to the service. What clients send under these names is removed, on all routes of the file.', ['X-User-ID', 'X-User-Role']),
    default: []
  }),
  client_headers: Type.Array(HeaderName, {
    ...FieldNames('Client headers', 'Headers of a 2xx answer that go to the client.', ['Set-Cookie']),
    default: []
  }),
  refusal_headers: Type.Array(HeaderName, {
    ...FieldNames('Refusal headers', 'Headers of any other answer that go to the client, beside those that describe its body.', ['WWW-Authenticate', 'Location']),
    default: ['WWW-Authenticate', 'Location', 'Set-Cookie', 'Retry-After', 'Cache-Control']
  }),
  subject_header: AnswerField('Subject header', 'Header of a 2xx answer that says who calls: the identity\'s subject.', 'Remote-User'),
  groups_header: AnswerField('Groups header', 'Header of a 2xx answer with the caller\'s groups, separated by commas: `acl` and policies see them.', 'Remote-Groups'),
  roles_header: AnswerField('Roles header', 'Header of a 2xx answer with the caller\'s roles, separated by commas.', 'X-Roles'),
  scopes_header: AnswerField('Scopes header', 'Header of a 2xx answer with the caller\'s scopes, separated by blanks or commas.', 'X-Scopes'),
  timeout: Type.Integer({
    title: 'Timeout',
    description: 'Milliseconds until the whole answer must be there; then 503.',
    minimum: 1,
    maximum: 60_000,
    default: 5000,
    examples: [1000]
  }),
  max_body_size: Type.Integer({
    title: 'Longest body',
    description: 'Bytes of an answer\'s body that are passed on. A refusal with a longer one is passed on with a body of the gateway instead.',
    minimum: 0,
    maximum: 1_048_576,
    default: 65_536,
    examples: [16_384]
  }),
  cache_ttl: Type.Integer({
    title: 'Cache',
    description: 'Seconds for which a 2xx answer counts for requests that ask the same question: equal in everything that the authoriser gets. 0: every request is asked about. Answers with `Cache-Control: no-store` or `no-cache`, and those with headers for the client, are never kept.',
    minimum: 0,
    maximum: 300,
    default: 0,
    examples: [5]
  }),
  tls_verify: Type.Boolean({
    title: 'Verify certificate',
    description: 'Verify the authoriser\'s certificate.',
    default: true,
    examples: [true]
  }),
  run_on_preflight: Type.Boolean({
    title: 'Run on OPTIONS',
    description: '`false`: OPTIONS requests pass without being asked about.',
    default: true,
    examples: [false]
  }),
  anonymous: AnonymousConsumer
}, {
  title: 'forward-auth',
  description: 'Asks another server whether a request may pass, by its method, path and headers.',
  additionalProperties: false
})

export type Config = Static<typeof ForwardAuth>
