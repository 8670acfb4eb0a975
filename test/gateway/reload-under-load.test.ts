import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Agent, createServer, request as send, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { createGateway } from '../../src/index.ts'
import { ask, editedYaml, until } from '../helpers/running.ts'

/** Clients that ask again as soon as they are answered. */
function load (port: number, clients: number): { stop (): Promise<{ served: number, failed: string[] }> } {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const failed: string[] = []
  let served = 0
  const stopped = new AbortController()
  const work = Promise.all(Array.from({ length: clients }, async (_, client) => {
    while (!stopped.signal.aborted) {
      try {
        const { status, text } = await ask(port, `/r/${client}`, { agent, method: client % 2 === 0 ? 'GET' : 'POST', ...(client % 2 === 0 ? {} : { body: 'x'.repeat(1000) }) })
        if (status === 200 && text.endsWith('.')) served++
        else failed.push(`${status} ${text}`)
      } catch (error) {
        failed.push(String(error))
      }
    }
  }))
  return {
    async stop () {
      stopped.abort()
      await work
      agent.destroy()
      return { served, failed }
    }
  }
}

/** Answers everything, counts events on /events, echoes WebSocket messages. */
async function fullUpstream (t: Test): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      let count = 0
      const timer = setInterval(() => response.write(`data: ${++count}\n\n`), 20)
      response.once('close', () => clearInterval(timer))
      return
    }
    request.resume().on('end', () => response.end(`${request.url}.`))
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', socket => socket.on('message', (data, binary) => socket.send(data, { binary })))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const client of sockets.clients) client.terminate()
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

t.test('50 reloads under load: no request fails, WebSocket and event streams live on', async t => {
  const upstreamPort = await fullUpstream(t)
  const file = path.join(t.testdir(), 'gateway.yaml')
  writeFileSync(file, editedYaml(upstreamPort, 0))
  const gateway = await createGateway({ file, accessLog: '/dev/null' })
  await gateway.listen()
  t.teardown(() => gateway.close())
  const port = gateway.addresses[0]?.port as number

  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`)
  await once(socket, 'open')
  let closed = false
  socket.on('close', () => { closed = true })
  const events: string[] = []
  const stream = await new Promise<IncomingMessage>((resolve, reject) => {
    send({ host: '127.0.0.1', port, path: '/events', agent: false }, resolve).on('error', reject).end()
  })
  stream.setEncoding('utf8').on('data', chunk => { events.push(String(chunk)) })
  let cut = false
  stream.on('close', () => { cut = true })

  const traffic = load(port, 8)
  for (let round = 1; round <= 50; round++) {
    writeFileSync(file, editedYaml(upstreamPort, round))
    const outcome = await gateway.reload()
    if (!outcome.ok) t.fail(outcome.error as string)
    socket.send(`message ${round}`)
    const [echo] = await once(socket, 'message') as [Buffer]
    if (String(echo) !== `message ${round}`) t.fail(`echo was ${String(echo)}`)
  }
  const { served, failed } = await traffic.stop()
  t.same(failed, [], 'no request failed')
  t.ok(served > 100, `${served} requests were served`)
  t.match(await gateway.status(), { configuration: { snapshot: 51 }, last_reload: { ok: true, trigger: 'call' } })
  t.equal((await ask(port, '/other/50/x')).text, '/v50/x.', 'the last configuration serves')
  t.equal((await ask(port, '/other/49/x')).text, '/other/49/x.', 'the one before does not')

  const before = events.length
  await until('further events', () => events.length > before + 3)
  t.equal(closed, false)
  t.equal(cut, false)
  await until('only the first configuration is still in use, by the streams', async () => (await gateway.status()).processes[0]?.retired_snapshots === 1)
  socket.close()
  stream.destroy()
  await until('the first configuration is closed', async () => (await gateway.status()).processes[0]?.retired_snapshots === 0)
})
