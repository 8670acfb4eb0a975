import { BatchQueue, Datagrams, definePlugin, type Ended, type GatewayRequest, logMetrics, outward } from '../../src/plugin.ts'
import { createMetrics, pack } from './metrics.ts'
import { Statsd } from './schema.ts'

interface State {
  readonly queue: BatchQueue
  readonly linesOf: (request: GatewayRequest, ended: Ended) => string[]
}

export default definePlugin({
  name: 'statsd',
  // Kong's; it only counts, at the end
  priority: 11,
  schema: Statsd,
  scopes: ['global', 'service', 'route', 'consumer'],
  refuses: { use_tcp: 'leave it out: metrics travel in datagrams', allow_status_codes: 'leave it out: all statuses are sent', hostname_in_prefix: 'write the name into `prefix`' },
  metrics: (states: readonly State[]) => logMetrics('statsd', states.map(({ queue }) => queue)),
  setup (config, gateway): State {
    const { host, port, udp_packet_size: longest } = config
    const { queue } = gateway.keep(`queue:${host}:${port}:${longest}`, () => {
      const datagrams = new Datagrams(host, port)
      const queue = new BatchQueue(config.queue, gateway.log, outward(gateway, async batch => {
        for (const packet of pack(batch.flatMap(lines => lines.split('\n')), longest)) await datagrams.send(Buffer.from(packet))
      }))
      return { datagrams, queue }
    }, async ({ datagrams, queue }) => {
      await queue.close()
      datagrams.close()
    })
    gateway.serving(() => queue.configure(config.queue))
    return { queue, linesOf: createMetrics(config) }
  },
  register (scope, { state: { queue, linesOf } }) {
    scope.addHook('onResponse', function statsd ({ gateway }) {
      const { ended } = gateway
      if (ended === null) return
      const lines = linesOf(gateway, ended)
      if (lines.length > 0) queue.add(lines.join('\n'))
    })
  }
})
