import { fieldOptions, queueOptions, type Static, Type } from '../../src/plugin.ts'

export const TcpLog = Type.Object({
  host: Type.String({ title: 'Host', description: 'Name or address of the server.', minLength: 1, pattern: '^[^\\s/]+$', examples: ['logs.internal'] }),
  port: Type.Integer({ title: 'Port', description: 'Its port.', minimum: 1, maximum: 65535, examples: [5170] }),
  timeout: Type.Integer({ title: 'Timeout', description: 'Milliseconds until a connection must be there, and a batch written.', minimum: 1, maximum: 2147483646, default: 10000, examples: [2000] }),
  keepalive: Type.Integer({ title: 'Keepalive', description: 'Milliseconds after which an idle connection is closed; 0: at once.', minimum: 0, maximum: 2147483646, default: 60000, examples: [10000] }),
  tls: Type.Boolean({ title: 'TLS', description: 'Whether the connection is encrypted.', default: false, examples: [true] }),
  tls_sni: Type.Optional(Type.String({ title: 'Server name', description: 'Name that the certificate has to be for, where it isn\'t `host`.', minLength: 1, examples: ['logs.example.com'] })),
  ssl_verify: Type.Boolean({
    title: 'Verify',
    description: 'Whether the server\'s certificate is verified. Kong does not.',
    default: true,
    examples: [false]
  }),
  queue: queueOptions(200),
  ...fieldOptions
}, {
  title: 'tcp-log',
  description: 'Sends a line for each request over a TCP connection.',
  additionalProperties: false
})

export type Config = Static<typeof TcpLog>
