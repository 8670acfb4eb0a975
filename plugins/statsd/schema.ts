import { queueOptions, type Static, Type } from '../../src/plugin.ts'
import { METRICS } from './metrics.ts'

export const Statsd = Type.Object({
  host: Type.String({ title: 'Host', description: 'Name or address of the server.', minLength: 1, pattern: '^[^\\s/]+$', default: 'localhost', examples: ['logs.internal'] }),
  port: Type.Integer({ title: 'Port', description: 'Its port.', minimum: 1, maximum: 65535, default: 8125, examples: [8125] }),
  prefix: Type.String({ title: 'Prefix', description: 'Beginning of the names of all metrics.', pattern: '^[\\w.-]+$', default: 'kong', examples: ['gateway'] }),
  metrics: Type.Array(Type.Enum(METRICS, { title: 'Metric', description: 'A metric, by Kong\'s name.', examples: ['latency'] }), {
    title: 'Metrics',
    description: 'What is sent of each request.',
    minItems: 1,
    uniqueItems: true,
    default: METRICS,
    examples: [['request_count', 'latency']]
  }),
  tag_style: Type.Enum(['none', 'dogstatsd', 'influxdb'], {
    title: 'Tags',
    description: '`none`: service, route and status are part of the names, as in `kong.service.users.request.count`. The others send them as tags.',
    default: 'none',
    examples: ['dogstatsd']
  }),
  udp_packet_size: Type.Integer({ title: 'Datagram', description: 'Bytes of a datagram at most; several metrics share one.', minimum: 64, maximum: 65507, default: 1432, examples: [512] }),
  queue: queueOptions(200)
}, {
  title: 'statsd',
  description: 'Sends counts and latencies of requests to a StatsD server.',
  additionalProperties: false
})

export type Config = Static<typeof Statsd>
