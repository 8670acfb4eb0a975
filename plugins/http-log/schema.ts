import { fieldOptions, queueOptions, type Static, Type } from '../../src/plugin.ts'

export const HttpLog = Type.Object({
  http_endpoint: Type.String({
    title: 'Endpoint',
    description: 'Where lines are sent to, with `http:` or `https:`. User name and password become Basic authentication.',
    pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s]+$',
    examples: ['https://logs.example.com/ingest']
  }),
  method: Type.Enum(['POST', 'PUT', 'PATCH'], { title: 'Method', description: 'Method of these requests.', default: 'POST', examples: ['PUT'] }),
  content_type: Type.Enum(['application/json', 'application/json; charset=utf-8'], {
    title: 'Content-Type',
    description: 'Their Content-Type.',
    default: 'application/json',
    examples: ['application/json; charset=utf-8']
  }),
  headers: Type.Record(Type.String({ pattern: '^[A-Za-z0-9!#$%&\'*+.^_`|~-]+$' }), Type.String({ title: 'Value', description: 'A value.', examples: ['acme'] }), {
    title: 'Header fields',
    description: 'Header fields of these requests; not Host, Content-Length or Content-Type.',
    default: {},
    examples: [{ 'X-Source': 'gateway' }]
  }),
  timeout: Type.Integer({ title: 'Timeout', description: 'Milliseconds that a request may take.', minimum: 1, maximum: 2147483646, default: 10000, examples: [2000] }),
  keepalive: Type.Integer({ title: 'Keepalive', description: 'Milliseconds that an idle connection is kept.', minimum: 0, maximum: 2147483646, default: 60000, examples: [10000] }),
  ssl_verify: Type.Boolean({
    title: 'Verify',
    description: 'Whether the server\'s certificate is verified. Kong does not.',
    default: true,
    examples: [false]
  }),
  queue: queueOptions(1),
  ...fieldOptions
}, {
  title: 'http-log',
  description: 'Sends a line for each request to an HTTP server.',
  additionalProperties: false
})

export type Config = Static<typeof HttpLog>
