import { fieldOptions, queueOptions, type Static, Type } from '../../src/plugin.ts'

export const UdpLog = Type.Object({
  host: Type.String({ title: 'Host', description: 'Name or address of the server.', minLength: 1, pattern: '^[^\\s/]+$', examples: ['logs.internal'] }),
  port: Type.Integer({ title: 'Port', description: 'Its port.', minimum: 1, maximum: 65535, examples: [5514] }),
  timeout: Type.Integer({ title: 'Timeout', description: 'Makes no difference: nothing answers a datagram. It is read for files written for Kong.', minimum: 1, maximum: 2147483646, default: 10000, examples: [1000] }),
  queue: queueOptions(1),
  ...fieldOptions
}, {
  title: 'udp-log',
  description: 'Sends a datagram for each request.',
  additionalProperties: false
})

export type Config = Static<typeof UdpLog>
