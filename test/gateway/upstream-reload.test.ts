/** Targets that come and go under load. */
import { writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { createGateway } from '../../src/index.ts'
import { ask, until } from '../helpers/running.ts'

interface Backend { readonly port: number, readonly served: () => number, readonly sockets: Set<Socket> }

async function backend (t: Test): Promise<Backend> {
  let served = 0
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      served++
      // long enough that a reload finds requests on their way
      setTimeout(() => response.end(`${request.url}.`), 5)
    })
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, served: () => served, sockets }
}

function yaml (ports: readonly number[], algorithm: string): string {
  return `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: 0 }], admin: off, log: { level: error, access: false } }
services: [{ name: up, host: pool, routes: [{ name: all, paths: [/] }] }]
upstreams: [{ name: pool, algorithm: ${algorithm}, targets: [${ports.map(port => `{ target: "127.0.0.1:${port}" }`).join(', ')}] }]
`
}

for (const algorithm of ['round-robin', 'least-connections', 'latency']) {
  t.test(`${algorithm}: one target stays, another is exchanged again and again, and no request fails`, async t => {
    const [stays, one, other] = [await backend(t), await backend(t), await backend(t)] as const
    const file = path.join(t.testdir(), 'gateway.yaml')
    writeFileSync(file, yaml([stays.port, one.port], algorithm))
    const gateway = await createGateway({ file, accessLog: '/dev/null' })
    await gateway.listen()
    t.teardown(() => gateway.close())
    const port = gateway.addresses[0]?.port as number

    const agent = new Agent({ keepAlive: true, maxSockets: 8 })
    const failed: string[] = []
    const stopped = new AbortController()
    const clients = Promise.all(Array.from({ length: 8 }, async (_, client) => {
      while (!stopped.signal.aborted) {
        const { status, text } = await ask(port, `/${client}`, { agent, method: client % 2 === 0 ? 'GET' : 'POST', ...client % 2 === 0 ? {} : { body: 'x'.repeat(1000) } })
        if (status !== 200 || text !== `/${client}.`) failed.push(`${status} ${text}`)
      }
    }))
    await until('all connections to the first two are open', () => stays.served() > 40 && one.served() > 0)
    const known = new Set(stays.sockets)
    for (let round = 0; round < 6; round++) {
      const [comes, goes] = round % 2 === 0 ? [other, one] : [one, other]
      const before = comes.served()
      writeFileSync(file, yaml([stays.port, comes.port], algorithm))
      t.equal((await gateway.reload()).ok, true)
      await until('the new target is used', () => comes.served() > before)
      await until('the old one is let go of', () => goes.sockets.size === 0)
    }
    stopped.abort()
    await clients
    agent.destroy()
    t.strictSame(failed, [])
    t.ok([...stays.sockets].some(socket => known.has(socket)), 'connections of the target that stayed are still there')
  })
}
