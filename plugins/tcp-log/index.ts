import { createHash } from 'node:crypto'
import { BatchQueue, createLineEditor, definePlugin, fieldFindings, LineSocket, logMetrics, type LogSink, outward } from '../../src/plugin.ts'
import { TcpLog } from './schema.ts'

interface State {
  readonly queue: BatchQueue
  readonly sink: LogSink
}

export default definePlugin({
  name: 'tcp-log',
  // Kong's; what it sends is decided when all log hooks have run
  priority: 7,
  schema: TcpLog,
  scopes: ['global', 'service', 'route', 'consumer'],
  check: fieldFindings,
  metrics: (states: readonly State[]) => logMetrics('tcp-log', states.map(({ queue }) => queue)),
  setup (config, gateway): State {
    const { host, port, timeout, keepalive, tls, tls_sni: name, ssl_verify: verify } = config
    const key = createHash('sha256').update(JSON.stringify([host, port, timeout, keepalive, tls, name, verify])).digest('hex')
    const { queue } = gateway.keep(`queue:${key}`, () => {
      const socket = new LineSocket({ host, port, timeout, keepalive, tls: tls ? { name, verify } : null })
      return { socket, queue: new BatchQueue(config.queue, gateway.log, outward(gateway, async batch => await socket.send(Buffer.from(batch.join(''), 'latin1')))) }
    }, async ({ socket, queue }) => {
      await queue.close()
      socket.close()
    })
    gateway.serving(() => queue.configure(config.queue))
    const edit = createLineEditor(config)
    return { queue, sink: { take: line => queue.add(edit === null ? line : edit(line)) } }
  },
  register (scope, { state: { sink } }) {
    scope.addHook('onResponse', function tcpLog ({ gateway }) {
      gateway.logTo(sink)
    })
  }
})
