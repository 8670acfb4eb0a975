import { BatchQueue, createLineEditor, Datagrams, definePlugin, fieldFindings, fitLine, logMetrics, LONGEST_DATAGRAM, type LogSink, outward } from '../../src/plugin.ts'
import { UdpLog } from './schema.ts'

interface State {
  readonly queue: BatchQueue
  readonly sink: LogSink
}

export default definePlugin({
  name: 'udp-log',
  // Kong's; what it sends is decided when all log hooks have run
  priority: 8,
  schema: UdpLog,
  scopes: ['global', 'service', 'route', 'consumer'],
  check: fieldFindings,
  metrics: (states: readonly State[]) => logMetrics('udp-log', states.map(({ queue }) => queue)),
  setup (config, gateway): State {
    const { host, port } = config
    const { queue } = gateway.keep(`queue:${host}:${port}`, () => {
      const datagrams = new Datagrams(host, port)
      return {
        datagrams,
        queue: new BatchQueue({ ...config.queue, max_batch_size: 1 }, gateway.log, outward(gateway, async ([line]) => await datagrams.send(Buffer.from(line as string, 'latin1'))))
      }
    }, async ({ datagrams, queue }) => {
      await queue.close()
      datagrams.close()
    })
    // one datagram, one line
    gateway.serving(() => queue.configure({ ...config.queue, max_batch_size: 1 }))
    const edit = createLineEditor(config)
    return { queue, sink: { take: line => queue.add(fitLine((edit === null ? line : edit(line)).slice(0, -1), LONGEST_DATAGRAM)) } }
  },
  register (scope, { state: { sink } }) {
    scope.addHook('onResponse', function udpLog ({ gateway }) {
      gateway.logTo(sink)
    })
  }
})
