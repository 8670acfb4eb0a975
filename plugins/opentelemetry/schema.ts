import { type Static, Type } from '../../src/plugin.ts'

const Format = Type.Enum(['w3c', 'b3', 'b3-single'], { title: 'Format', description: '`w3c` is traceparent, `b3` the X-B3-* fields, `b3-single` the field b3.', examples: ['b3'] })

export const Opentelemetry = Type.Object({
  traces_endpoint: Type.String({
    title: 'Endpoint',
    description: 'Where spans are sent to: the whole address for `http`, as `http://collector:4318/v1/traces`; for `grpc`, `http://collector:4317`, or `https:` for TLS.',
    pattern: '^https?://[^\\s]+$',
    examples: ['http://collector:4318/v1/traces']
  }),
  protocol: Type.Enum(['http', 'grpc'], { title: 'Protocol', description: 'OTLP over HTTP (protobuf) or over gRPC.', default: 'http', examples: ['grpc'] }),
  headers: Type.Record(Type.String({ pattern: '^[A-Za-z0-9!#$%&\'*+.^_`|~-]+$' }), Type.String({ title: 'Value', description: 'A value.', examples: ['key'] }), {
    title: 'Header fields',
    description: 'Header fields of requests to the collector; with `grpc` they are its metadata.',
    default: {},
    examples: [{ 'x-api-key': '{vault://env/collector-key}' }]
  }),
  compression: Type.Enum(['none', 'gzip'], { title: 'Compression', description: 'How batches are compressed: a tenth of the bytes, for some CPU time.', default: 'none', examples: ['gzip'] }),
  ca_certificates: Type.Optional(Type.Array(Type.String({ minLength: 1, title: 'Authority', description: 'Name or id of an item of `ca_certificates`.', examples: ['collectors'], refersTo: 'ca_certificate' }), {
    title: 'CA certificates',
    description: 'Authorities that vouch for the collector, by name or id, instead of those that Node knows.',
    minItems: 1,
    examples: [['collectors']]
  })),
  resource_attributes: Type.Record(Type.String({ minLength: 1 }), Type.String({ title: 'Value', description: 'A value.', examples: ['production'] }), {
    title: 'Resource',
    description: 'What describes this gateway in each span, beside `service.name` (`sallyport`), `service.version` and `service.instance.id`.',
    default: {},
    examples: [{ 'service.name': 'edge', 'deployment.environment.name': 'production' }]
  }),
  sampling_rate: Type.Number({ title: 'Sampling rate', description: 'Share of the requests without a trace of their own that are traced; those with one follow its flag.', minimum: 0, maximum: 1, default: 0.01, examples: [0.1] }),
  sample_errors: Type.Boolean({
    title: 'Errors',
    description: 'Whether the gateway\'s spans of requests that end with 5xx, or out of the ordinary by a fault of the upstream or the gateway, are sent whatever the rate says.',
    default: true,
    examples: [false]
  }),
  propagation: Type.Object({
    extract: Type.Array(Format, { title: 'Read', description: 'Formats that are read, the first one found counts; an empty list: none, and each request begins a trace.', uniqueItems: true, default: ['w3c'], examples: [['w3c', 'b3'], []] }),
    inject: Type.Array(Format, { title: 'Write', description: 'Formats that upstreams get.', uniqueItems: true, default: ['w3c'], examples: [['w3c', 'b3']] })
  }, { title: 'Propagation', description: 'Header fields by which traces go from one to the next.', additionalProperties: false, default: {}, examples: [{ extract: ['w3c', 'b3'], inject: ['w3c', 'b3'] }] }),
  http_response_header_for_traceid: Type.Optional(Type.String({ title: 'Answer\'s field', description: 'Header field of answers with the trace id.', pattern: '^[A-Za-z0-9-]+$', examples: ['X-Trace-Id'] })),
  timeout: Type.Integer({ title: 'Timeout', description: 'Milliseconds that a batch may take, retries included.', minimum: 1, maximum: 600000, default: 10000, examples: [5000] }),
  queue: Type.Object({
    max_batch_size: Type.Integer({ title: 'Batch', description: 'Most spans that are sent together.', minimum: 1, maximum: 10000, default: 200, examples: [512] }),
    max_coalescing_delay: Type.Number({ title: 'Delay', description: 'Seconds that a span waits for company.', minimum: 0.01, maximum: 3600, default: 1, examples: [5] }),
    max_entries: Type.Integer({ title: 'Most spans', description: 'Spans that may wait or be under way; what comes on top is dropped.', minimum: 1, maximum: 1000000, default: 10000, examples: [50000] })
  }, { title: 'Queue', description: 'What waits to be sent.', additionalProperties: false, default: {}, examples: [{ max_batch_size: 512 }] })
}, {
  title: 'opentelemetry',
  description: 'Takes part in distributed traces: W3C trace context in and out, and spans to an OTLP collector.',
  additionalProperties: false
})

export type Config = Static<typeof Opentelemetry>
