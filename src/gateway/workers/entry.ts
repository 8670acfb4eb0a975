/** A worker process: does what the primary process says, ends when it is told to or when the primary is gone. */
import type { LogLevel } from '../../config/model.ts'
import { createDestination } from '../../observability/destination.ts'
import { createLog } from '../../observability/log.ts'
import { redactorOf } from '../../observability/secret-names.ts'
import { PluginModules } from '../../plugin-modules.ts'
import { loadPlugins } from '../../plugins.ts'
import { LocalEngine, type Ready } from '../local-engine.ts'
import { TicketKeys } from '../../tls/ticket-keys.ts'
import type { Answer, FailureDetails, Order } from './messages.ts'

// a terminal and some service managers signal the whole group: when to end is the primary's decision
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {})

const log = createLog((process.env['SALLYPORT_LOG_LEVEL'] ?? 'info') as LogLevel)
const destination = createDestination(1)
const modules = new PluginModules()
let engine: LocalEngine | null = null
let ready: Ready | null = null

async function obey (order: Order): Promise<Partial<Answer>> {
  switch (order.type) {
    case 'prepare': {
      const { config, directory } = order.loadout
      const { registry, problems } = await loadPlugins(config.gateway.modules, directory, modules)
      if (problems[0] !== undefined) throw new Error(problems[0].message)
      engine ??= new LocalEngine({ log, destination, workers: order.workers, ticketKeys: new TicketKeys(order.tickets) })
      ready = await engine.prepare({ ...order.loadout, registry, redactor: redactorOf(config, registry, order.loadout.secrets) })
      return {}
    }
    case 'commit':
      await ready?.commit()
      ready = null
      return { addresses: engine?.addresses ?? [] }
    case 'discard':
      await ready?.discard()
      ready = null
      return {}
    case 'facts': {
      const [facts] = await engine?.facts(order.limits) ?? []
      return facts === undefined ? {} : { facts }
    }
    case 'reopen':
      await engine?.reopen()
      return {}
    case 'metrics':
      return { metrics: await engine?.metrics() ?? [] }
    case 'ask':
      return { answer: (await engine?.ask(order.kind, order.about))?.[0] }
    case 'act':
      return { counts: await engine?.act(order.action) ?? {} }
    case 'drain':
      await engine?.drain()
      return {}
    case 'destroy':
      engine?.destroy()
      return {}
    case 'close':
      await engine?.close()
      await destination.close()
      return {}
  }
}

function answer (message: Answer, then?: () => void): void {
  // the channel is gone when the primary is: Node ends the worker then
  if (process.connected) process.send?.(message, undefined, {}, () => then?.())
}

process.on('message', (order: Order) => {
  obey(order).then(
    result => answer({ type: 'done', id: order.id, ...result } as Answer, order.type === 'close' ? () => process.exit(0) : undefined),
    ({ message, code, address, port }: Error & FailureDetails) => answer({ type: 'failed', id: order.id, message, details: { code, address, port } as FailureDetails })
  )
})

process.on('uncaughtException', error => {
  log.logger.fatal({ err: error }, 'a worker ends: uncaught exception')
  process.exit(1)
})

answer({ type: 'hello' })
