import { request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import { pino } from 'pino'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import type { GatewaySettings } from '../../../src/config/model.ts'
import type { Context } from '../../../src/gateway/context.ts'
import { definePlugin, type FastifyBaseLogger, Type } from '../../../src/plugin.ts'
import type { Vitals } from '../../../src/gateway/overload/vitals.ts'
import { config as fileOf, entry, route, service, settings } from '../../helpers/config.ts'
import { startGateway } from '../../helpers/gateway.ts'
import { settled } from '../../helpers/hop.ts'
import { ask, until, upstream } from '../../helpers/running.ts'

const schema = Type.Object({}, { additionalProperties: false })

/** A gateway whose load the test says; `/held` is answered when the test does. Routes `/low`, `/high` and all the rest. */
async function start (t: Test, limits: Partial<GatewaySettings['overload']>) {
  const now = { eventLoopDelay: 0, heapUsed: 0, rss: 0 }
  let samples = 0
  const sample = (): Vitals => {
    samples++
    return { ...now }
  }
  const held: ServerResponse[] = []
  const asked: Array<string | undefined> = []
  const port = await upstream(t, (request, response) => {
    asked.push(request.url)
    if (request.url === '/held') held.push(response)
    else request.resume().on('end', () => response.end('ok'))
  })
  const ran: string[] = []
  const witness = definePlugin({
    name: 'witness',
    priority: 1,
    schema,
    scopes: ['global'],
    register (scope) {
      scope.addHook('onRequest', async function access () { ran.push('access') })
      scope.addHook('onSend', async function response (_request, reply) { reply.header('x-witness', 'yes') })
    }
  })
  const finished: Context[] = []
  const log: string[] = []
  const file = (changed: Partial<GatewaySettings['overload']>) => fileOf({
    gateway: settings({ overload: { ...settings().overload, ...changed } }),
    services: [service({ port })],
    routes: [
      route({ id: 'rest', strip_path: false }),
      route({ id: 'low', name: 'low', paths: ['/low'], importance: 'low' }),
      route({ id: 'high', name: 'high', paths: ['/high'], importance: 'high' })
    ],
    plugins: [entry({ name: 'witness' })]
  })
  const gateway = await startGateway(t, file(limits), [witness], {
    measure: () => ({ interval: 5, sample, close () {} }),
    accessLog: () => context => { finished.push(context) },
    log: pino({ level: 'warn' }, { write: line => { log.push(line) } }) as unknown as FastifyBaseLogger
  })
  const registry = new Map([['witness', witness]])
  return {
    ...gateway,
    now,
    held,
    asked,
    ran,
    finished,
    log,
    /** Too much of it, for long enough that nobody is admitted. */
    async drown (vital: keyof Vitals) {
      now[vital] = Infinity
      const enough = samples + 15
      await until('all is refused', () => samples > enough)
    },
    get: async (path: string, options = {}) => await ask(gateway.port, path, options),
    reload: async (changed: Partial<GatewaySettings['overload']>) => { (await gateway.server.prepare(file(changed), registry)).commit() }
  }
}

t.test('a refusal says when to come again, and has what response plugins add; no other plugin ran, no service was asked', async t => {
  const { drown, get, asked, ran, finished, log, server } = await start(t, { event_loop_delay: 50, retry_after: 3 })
  await drown('eventLoopDelay')
  const answer = await get('/high', { method: 'POST', body: 'x'.repeat(100_000) })
  t.equal(answer.status, 503)
  t.match(answer.headers, { 'retry-after': '3', 'x-witness': 'yes', 'content-type': 'application/json; charset=utf-8' })
  t.match(JSON.parse(answer.text), { message: 'The gateway is overloaded', reason: 'overloaded', request_id: /^[0-9a-f]{32}$/ })
  t.same([asked, ran], [[], []])
  await settled(server)
  t.match(finished.at(-1), { errorCode: 'SP_OVERLOADED', route: { name: 'high' }, logFields: { overload: 'event_loop_delay' } })
  t.equal(log.length, 1, 'no line for each of them')
  t.equal((await get('/elsewhere')).status, 503)
})

t.test('the least important goes first; when all is calm, all come again', async t => {
  const { now, get, log } = await start(t, { heap_used: 1000 })
  now.heapUsed = 1000
  await until('some of the least are refused', async () => (await get('/low')).status === 503)
  now.heapUsed = 900
  t.equal((await get('/rest')).status, 200)
  t.equal((await get('/high')).status, 200)
  now.heapUsed = 0
  await until('it is over', () => log.length === 2)
  for (let round = 0; round < 20; round++) if ((await get('/low')).status !== 200) t.fail('refused')
})

t.test('what was accepted is finished', async t => {
  const { drown, get, held } = await start(t, { rss: 1000 })
  const accepted = get('/held')
  await until('it runs', () => held.length === 1)
  await drown('rss')
  held[0]?.end('whole')
  t.match(await accepted, { status: 200, text: 'whole' })
})

t.test('in_flight counts what runs, streams and tunnels included, and nothing that was refused', async t => {
  const { get, held, server, finished, port } = await start(t, { in_flight: 2 })
  const running = [get('/high/../held'), get('/high/../held')]
  await until('one runs', () => held.length === 1)
  const [refused] = await Promise.race(running.map(async (answer, index) => [(await answer).status, index]))
  t.equal(refused, 503, 'a tenth of two, rounded up, is left to the highest')
  const stream = new Promise<IncomingMessage>((resolve, reject) => { send({ port, path: '/high', agent: false }, resolve).on('error', reject).end() })
  ;(await stream).resume()
  t.equal((await stream).statusCode, 200)
  await until('both but the held one have ended', () => server.facts().requests === 1)
  for (let round = 0; round < 5; round++) t.equal((await get('/low')).status, 503)
  t.match(finished.at(-1), { logFields: { overload: 'in_flight' } })
  t.equal((await get('/high')).status, 200, 'the highest has room yet')
  t.equal(server.facts().shed, 6)
  held[0]?.end()
  await settled(server)
  t.equal((await get('/low')).status, 200)
})

t.test('a client that leaves makes room', async t => {
  const { get, held, server, port } = await start(t, { in_flight: 1 })
  const request = send({ port, path: '/held', agent: false }).on('error', () => {})
  request.end()
  await until('it runs', () => held.length === 1)
  t.equal((await get('/high')).status, 503)
  request.destroy()
  await settled(server)
  t.equal((await get('/high')).status, 200)
})

t.test('a WebSocket is refused as well', async t => {
  const { drown, port } = await start(t, { event_loop_delay: 50 })
  await drown('eventLoopDelay')
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`)
  socket.on('error', () => {})
  const answer = await new Promise<IncomingMessage>(resolve => { socket.once('unexpected-response', (_request, response) => resolve(response)) })
  t.equal(answer.statusCode, 503)
  t.equal(answer.headers['retry-after'], '2')
  socket.terminate()
})

t.test('a reload sets and takes away limits, and knows what has run since before', async t => {
  const { get, held, reload } = await start(t, {})
  const running = get('/held')
  await until('it runs', () => held.length === 1)
  await reload({ in_flight: 1 })
  t.equal((await get('/high')).status, 503)
  await reload({})
  t.equal((await get('/high')).status, 200)
  held[0]?.end('late')
  t.equal((await running).text, 'late')
})

t.test('what is wrong with a request is still said', async t => {
  const { drown, get } = await start(t, { event_loop_delay: 50 })
  await drown('eventLoopDelay')
  t.equal((await get('/high', { headers: { host: 'a b' } })).status, 400)
})
