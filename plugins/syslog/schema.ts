import { fieldOptions, queueOptions, type Static, Type } from '../../src/plugin.ts'
import { FACILITIES, SEVERITIES } from './message.ts'

function severity (title: string, description: string) {
  return Type.Enum([...SEVERITIES], { title, description, default: 'info', examples: ['warning'] })
}

export const Syslog = Type.Object({
  host: Type.String({ title: 'Host', description: 'Name or address of the server.', minLength: 1, pattern: '^[^\\s/]+$', default: '127.0.0.1', examples: ['logs.internal'] }),
  port: Type.Integer({ title: 'Port', description: 'Its port.', minimum: 1, maximum: 65535, default: 514, examples: [6514] }),
  protocol: Type.Enum(['udp', 'tcp', 'tls'], {
    title: 'Protocol',
    description: 'How messages travel: `udp` (RFC 5426), `tcp` with counted octets (RFC 6587), or `tls` (RFC 5425).',
    default: 'udp',
    examples: ['tls']
  }),
  ssl_verify: Type.Boolean({
    title: 'Verify',
    description: 'Whether the server\'s certificate is verified. Kong does not.',
    default: true,
    examples: [false]
  }),
  timeout: Type.Integer({ title: 'Timeout', description: 'Milliseconds until a connection must be there, and a batch written.', minimum: 1, maximum: 2147483646, default: 10000, examples: [2000] }),
  log_level: severity('Least severe', 'Requests with a less severe level are not sent.'),
  successful_severity: severity('Severity of successes', 'Severity of answers below 400.'),
  client_errors_severity: severity('Severity of 4xx', 'Severity of answers from 400 to 499.'),
  server_errors_severity: severity('Severity of 5xx', 'Severity of answers from 500.'),
  facility: Type.Enum([...FACILITIES], { title: 'Facility', description: 'Facility of the messages.', default: 'user', examples: ['local0'] }),
  ident: Type.String({ title: 'Name', description: 'Name of the application in the messages.', pattern: '^[!-~]{1,48}$', default: 'sallyport', examples: ['kong'] }),
  max_length: Type.Integer({
    title: 'Longest message',
    description: 'Bytes of the longest message; a longer one loses its header fields and arguments. The default is what rsyslog takes by default.',
    minimum: 2048,
    maximum: 65507,
    default: 8000,
    examples: [65000]
  }),
  queue: queueOptions(50),
  ...fieldOptions
}, {
  title: 'syslog',
  description: 'Sends a message for each request to a syslog server.',
  additionalProperties: false
})

export type Config = Static<typeof Syslog>
