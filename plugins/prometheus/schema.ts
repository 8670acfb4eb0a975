import { type Static, Type } from '../../src/plugin.ts'

function flag (title: string, value: boolean, description: string) {
  return Type.Boolean({ title, description, default: value, examples: [!value] })
}

export const Prometheus = Type.Object({
  names: Type.Enum(['sallyport', 'kong'], {
    title: 'Names',
    description: '`kong` shows the metrics of requests under Kong\'s names, in milliseconds, with Kong\'s labels, for boards that are there already.',
    default: 'sallyport',
    examples: ['kong']
  }),
  per_consumer: flag('Per consumer', false, 'Whether requests and bytes are counted for each consumer. A series for each route and consumer: mind `max_series`.'),
  status_code_metrics: flag('Status codes', true, 'Whether requests are counted, by status and end reason.'),
  latency_metrics: flag('Latencies', true, 'Whether latencies are counted: of the whole request, of the upstream, of the gateway.'),
  bandwidth_metrics: flag('Bandwidth', true, 'Whether bytes are counted, of requests and of answers.'),
  upstream_health_metrics: flag('Health of targets', true, 'With `names: kong`: whether the health of targets is shown as `kong_upstream_target_health`.'),
  latency_buckets: Type.Array(Type.Number({ title: 'Bound', description: 'Upper bound of a bucket, in milliseconds.', exclusiveMinimum: 0, examples: [250] }), {
    title: 'Buckets of latencies',
    description: 'Upper bounds of the latencies of requests and upstreams, in milliseconds, rising. Empty: 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000; with `names: kong` those of Kong.',
    maxItems: 30,
    default: [],
    examples: [[10, 50, 100, 500, 1000]]
  }),
  max_series: Type.Integer({
    title: 'Most series',
    description: 'Most combinations of route, service and consumer that this entry counts in a process. What comes on top is counted under `_other`.',
    minimum: 1,
    maximum: 100000,
    default: 2000,
    examples: [500]
  })
}, {
  title: 'prometheus',
  description: 'Counts requests, latencies and bytes for Prometheus, by route, service and consumer.',
  additionalProperties: false
})

export type Config = Static<typeof Prometheus>
