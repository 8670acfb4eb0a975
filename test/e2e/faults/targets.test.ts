/** One of three targets dies under load, is away for a while, and comes back. */
import { Agent } from 'node:http'
import t from 'tap'
import type { Test } from 'tap'
import { loadConfig } from '../../../src/config/load.ts'
import { startGateway } from '../../helpers/gateway.ts'
import { ask, until } from '../../helpers/running.ts'
import { FaultyUpstream, type Fault } from './faulty-upstream.ts'
import { reset } from '../../helpers/raw-upstream.ts'

interface Load {
  served: number
  readonly failed: string[]
}

async function start (t: Test, fault: Fault) {
  const targets = await Promise.all([fault, {}, {}].map(async each => await new FaultyUpstream(t, each).start()))
  for (const target of targets) await target.heal()
  const { config, diagnostics } = await loadConfig({
    file: 'gateway.yaml',
    env: {},
    text: JSON.stringify({
      _format_version: '3.0',
      gateway: { listen: [{ host: '127.0.0.1', port: 0 }], admin: 'off' },
      upstreams: [{ name: 'three', targets: targets.map(({ port }) => ({ target: `127.0.0.1:${port}` })) }],
      services: [{ name: 's', host: 'three', retries: 5, routes: [{ name: 'r', paths: ['/'] }] }]
    })
  })
  if (config === null) throw new Error(diagnostics.map(each => each.cause).join('\n'))
  const { server, port } = await startGateway(t, config)
  const stopped = new AbortController()
  const agent = new Agent({ keepAlive: true, maxSockets: 12 })
  t.teardown(() => agent.destroy())
  const loads: Record<'GET' | 'POST', Load> = { GET: { served: 0, failed: [] }, POST: { served: 0, failed: [] } }
  const clients = Promise.all([0, 1, 2, 3, 4, 5].map(async client => {
    const method = client < 4 ? 'GET' : 'POST'
    while (!stopped.signal.aborted) {
      const { status, text } = await ask(port, '/', { agent, method, ...method === 'POST' ? { body: 'abc' } : {} })
      if (status === 200 && text === 'ok') loads[method].served++
      else loads[method].failed.push(`${status} ${text}`)
    }
  }))
  return {
    target: targets[0] as FaultyUpstream,
    server,
    loads,
    /** So many more requests are answered. */
    async served (count: number) {
      const wanted = loads.GET.served + count
      await until(`${count} more`, () => loads.GET.served >= wanted)
    },
    reload: async () => { (await server.prepare(config, new Map())).commit() },
    async stop () {
      stopped.abort()
      await clients
    }
  }
}

const deaths: ReadonlyArray<readonly [name: string, fault: Fault]> = [
  ['that refuses connections and cuts those it had', { refuses: true }],
  ['that resets each connection', { connected: reset, asked: reset }],
  ['that takes requests and closes', { answers: socket => { socket.end() } }]
]

for (const [name, fault] of deaths) {
  for (const reloads of [false, true]) {
    t.test(`no request that may be repeated fails for one of three targets ${name}${reloads ? ', during reloads' : ''}`, async t => {
      const { target, server, loads, served, reload, stop } = await start(t, fault)
      const reloading = new AbortController()
      if (!reloads) reloading.abort()
      const reloader = (async () => {
        while (!reloading.signal.aborted) {
          await reload()
          await new Promise(resolve => { setImmediate(resolve) })
        }
      })()
      await served(60)
      await target.break()
      await served(300)
      await target.heal()
      const { asked } = target
      await until('it is asked again', () => target.asked > asked)
      await served(60)
      reloading.abort()
      await reloader
      await stop()
      t.same(loads.GET.failed, [], `${loads.GET.served} were served`)
      t.ok(loads.POST.served > 0)
      // what must not be sent twice fails where it was under way, and with nothing worse than that
      t.same(loads.POST.failed.filter(each => !each.startsWith('502 ')), [])
      t.comment(`POST: ${loads.POST.served} served, ${loads.POST.failed.length} failed`)
      await until('nothing is left', () => server.facts().requests === 0 && server.facts().retired === 0)
    })
  }
}
