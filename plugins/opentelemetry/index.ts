import { definePlugin, type FastifyRequest, type GatewayRequest } from '../../src/plugin.ts'
import { checkCollector } from './check.ts'
import type { Exporter, SpanCounts } from './exporter.ts'
import { hasFailed } from './faults.ts'
import { createSpanIds } from './ids.ts'
import { loadTracing } from './load.ts'
import { extract, inject, type Parent } from './propagation.ts'
import { type Config, Opentelemetry } from './schema.ts'
import type { Spans } from './spans.ts'

interface State {
  readonly counts: SpanCounts
  readonly exporter: Exporter
  readonly spans: Spans
}

export default definePlugin({
  name: 'opentelemetry',
  // Kong's: after all that may change the request, so that the upstream gets what is written here
  priority: 14,
  schema: Opentelemetry,
  scopes: ['global', 'service', 'route'],
  refuses: {
    endpoint: 'use `traces_endpoint`',
    logs_endpoint: 'lines go elsewhere by http-log and its like',
    header_type: 'use `propagation.extract` and `propagation.inject`',
    connect_timeout: 'use `timeout`, which is for the whole of it',
    send_timeout: 'use `timeout`, which is for the whole of it',
    read_timeout: 'use `timeout`, which is for the whole of it',
    batch_span_count: 'use `queue.max_batch_size`',
    batch_flush_delay: 'use `queue.max_coalescing_delay`'
  },
  timings: true,
  check: checkCollector,
  * metrics (states: readonly State[]) {
    const sums: SpanCounts = { sent: 0, dropped: 0, failed: 0 }
    let waiting = 0
    for (const { counts, exporter } of states) {
      for (const outcome of Object.keys(sums) as Array<keyof SpanCounts>) sums[outcome] += counts[outcome]
      waiting += exporter.length
    }
    yield { name: 'sallyport_trace_spans_total', help: 'Spans: sent, dropped for want of room, or failed: the collector was not to be reached or would not have them.', type: 'counter', values: Object.entries(sums).map(([outcome, value]) => ({ value, labels: { outcome } })) }
    yield { name: 'sallyport_trace_spans_waiting', help: 'Spans that wait to be sent or are under way.', type: 'gauge', values: [{ value: waiting, labels: {} }] }
  },
  async setup (config, gateway): Promise<State> {
    return await loadTracing(config, gateway)
  },
  register (scope, { config, state: { spans } }) {
    const { sampling_rate: rate, sample_errors: errors, http_response_header_for_traceid: field } = config
    const formats = config.propagation as Required<Config['propagation']>
    const nextId = createSpanIds()

    function begin (gateway: GatewayRequest, { rawHeaders }: FastifyRequest['raw']): Parent | null {
      const parent = extract(formats.extract, rawHeaders)
      // ids of requests are as long as those of traces, and as random: the half of one is a span's, unique in a trace that begins here
      gateway.trace = parent === null
        ? { traceId: gateway.id, spanId: gateway.id.slice(16), sampled: Math.random() < rate }
        : { traceId: parent.traceId, spanId: nextId(), sampled: parent.sampled ?? Math.random() < rate }
      return parent
    }

    scope.addHook('onRequest', function opentelemetry ({ gateway, raw }, reply) {
      const parent = begin(gateway, raw)
      if (gateway.trace === null) return
      if (gateway.upstream !== null) inject(formats.inject, gateway.trace, gateway.upstream.headers.raw, parent !== null)
      if (field !== undefined) reply.header(field, gateway.trace.traceId)
    })
    scope.addHook('onResponse', function opentelemetryEnd (request) {
      const { gateway } = request
      const { ended } = gateway
      if (ended === null) return
      // refused before this plugin had its turn
      if (gateway.trace === null) begin(gateway, request.raw)
      if (gateway.trace?.sampled !== true && !(errors && hasFailed(ended))) return
      spans.make(request, extract(formats.extract, request.raw.rawHeaders))
    })
  }
})
