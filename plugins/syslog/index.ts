import { createHash } from 'node:crypto'
import { BatchQueue, createLineEditor, Datagrams, definePlugin, type Ended, fieldFindings, fitLine, LineSocket, logMetrics, type LogSink, outward } from '../../src/plugin.ts'
import { createMessages, SEVERITIES, type Severity } from './message.ts'
import { type Config, Syslog } from './schema.ts'

interface State {
  readonly queue: BatchQueue
  readonly sink: LogSink
}

interface Wire {
  send (batch: readonly string[]): Promise<void>
  close (): void
}

function wireOf ({ host, port, protocol, timeout, ssl_verify: verify }: Config): Wire {
  if (protocol === 'udp') {
    const datagrams = new Datagrams(host, port)
    return {
      async send (batch) {
        for (const message of batch) await datagrams.send(Buffer.from(message, 'latin1'))
      },
      close: () => datagrams.close()
    }
  }
  const socket = new LineSocket({ host, port, timeout, keepalive: 60_000, tls: protocol === 'tls' ? { name: undefined, verify } : null })
  return {
    // messages are ASCII: their octets are their characters
    send: async batch => await socket.send(Buffer.from(batch.map(message => `${message.length} ${message}`).join(''), 'latin1')),
    close: () => socket.close()
  }
}

export default definePlugin({
  name: 'syslog',
  // Kong's; what it sends is decided when all log hooks have run
  priority: 4,
  schema: Syslog,
  scopes: ['global', 'service', 'route', 'consumer'],
  check: fieldFindings,
  metrics: (states: readonly State[]) => logMetrics('syslog', states.map(({ queue }) => queue)),
  setup (config, gateway): State {
    const { host, port, protocol, timeout, ssl_verify: verify } = config
    const key = createHash('sha256').update(JSON.stringify([host, port, protocol, timeout, verify])).digest('hex')
    // one datagram, one message: one that is too long must not take those behind it along
    const settings = protocol === 'udp' ? { ...config.queue, max_batch_size: 1 } : config.queue
    const { queue } = gateway.keep(`queue:${key}`, () => {
      const wire = wireOf(config)
      return { wire, queue: new BatchQueue(settings, gateway.log, outward(gateway, async batch => await wire.send(batch))) }
    }, async ({ wire, queue }) => {
      await queue.close()
      wire.close()
    })
    gateway.serving(() => queue.configure(settings))
    const edit = createLineEditor(config)
    const message = createMessages(config.facility, config.ident)
    const room = config.max_length - message('info', '', 0).length - 1
    const least = SEVERITIES.indexOf(config.log_level)
    const severityOf = (status: number): Severity => status >= 500 ? config.server_errors_severity : status >= 400 ? config.client_errors_severity : config.successful_severity
    return {
      queue,
      sink: {
        take (line: string, { status }: Ended) {
          const severity = severityOf(status)
          if (SEVERITIES.indexOf(severity) > least) return
          queue.add(message(severity, fitLine((edit === null ? line : edit(line)).slice(0, -1), room), Date.now()))
        }
      }
    }
  },
  register (scope, { state: { sink } }) {
    scope.addHook('onResponse', function syslog ({ gateway }) {
      gateway.logTo(sink)
    })
  }
})
