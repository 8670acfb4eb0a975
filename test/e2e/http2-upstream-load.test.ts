import { constants } from 'node:http2'
import type { Socket } from 'node:net'
import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { DEFAULT_RETRY } from '../../src/config/entities/retry.ts'
import { config, route, service, settings } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { settled } from '../helpers/hop.ts'
import { block, code, END_HEADERS, END_STREAM, frame, FRAME, frameServer, type FrameServer } from '../helpers/http2-frames.ts'

type Misfortune = (stream: number, send: (...frames: Buffer[]) => void, socket: Socket) => void

const answer = (stream: number): Buffer => Buffer.concat([
  frame(FRAME.headers, END_HEADERS, stream, block([[':status', '200'], ['content-length', '2']])),
  frame(FRAME.data, END_STREAM, stream, Buffer.from('ok'))
])
const goaway = (last: number): Buffer => frame(FRAME.goaway, 0, 0, Buffer.concat([code(last), code(constants.NGHTTP2_NO_ERROR)]))

/** An upstream that every so often does something else than answer. */
async function moody (t: Test, every: number, misfortunes: readonly Misfortune[]): Promise<FrameServer & { met (): number }> {
  let requests = 0
  let met = 0
  const server = await frameServer(t, ({ type, stream }, send, socket) => {
    if (type !== FRAME.headers) return
    if (++requests % every === 0) (misfortunes[met++ % misfortunes.length] as Misfortune)(stream, send, socket)
    // some are on their way when something happens to their connection
    else setTimeout(() => { if (!socket.destroyed) send(answer(stream)) }, requests % 3 * 2)
  })
  return { ...server, met: () => met }
}

/** So many clients, each with one request after the other. */
async function load (port: number, clients: number, requests: number): Promise<Map<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const outcomes = new Map<string, number>()
  await Promise.all(Array.from({ length: clients }, async () => {
    for (let index = 0; index < requests; index++) {
      const outcome = await new Promise<string>(resolve => {
        request({ port, host: '127.0.0.1', agent, path: '/' }, response => {
          let body = ''
          response.setEncoding('utf8').on('data', (text: string) => { body += text }).on('end', () => resolve(`${response.statusCode ?? 0} ${body}`)).on('error', error => resolve(error.message))
        }).on('error', error => resolve(error.message)).end()
      })
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
  }))
  agent.destroy()
  return outcomes
}

const RESETS: readonly Misfortune[] = [
  ...[constants.NGHTTP2_REFUSED_STREAM, constants.NGHTTP2_INTERNAL_ERROR, constants.NGHTTP2_CANCEL].map((reason): Misfortune => (stream, send) => send(frame(FRAME.reset, 0, stream, code(reason)))),
  // takes leave, and answers what has begun
  (stream, send) => send(goaway(stream), answer(stream)),
  // takes leave of what it has not looked at
  (stream, send) => send(goaway(Math.max(0, stream - 2)))
]
/** What is tried here is not the budget. */
const retry = { ...DEFAULT_RETRY, budget_minimum: 1_000 }

t.test('streams that are reset and connections that take leave under load cost no idempotent request', async t => {
  const up = await moody(t, 20, RESETS)
  const { server, port } = await startGateway(t, config({ services: [service({ port: up.port, http2: true, retry })], routes: [route()] }), [])
  const outcomes = await load(port, 10, 50)
  t.same([...outcomes], [['200 ok', 500]])
  t.ok(up.met() >= 25)
  t.ok(up.sockets.length > 3)
  await settled(server)
})

t.test('connections that close under load, while the configuration changes, cost no idempotent request', async t => {
  const up = await moody(t, 20, [
    (_stream, _send, socket) => socket.destroy(),
    (stream, send) => send(goaway(stream), answer(stream))
  ])
  const file = (timeout: number) => config({ gateway: settings(), services: [service({ port: up.port, http2: true, retry, read_timeout: timeout })], routes: [route()] })
  const { server, port } = await startGateway(t, file(60_000), [])
  let reloads = 0
  const running = { on: true }
  const reloading = (async () => {
    for (; running.on; await wait(20)) (await server.prepare(file(60_000 + ++reloads), new Map())).commit()
  })()
  const outcomes = await load(port, 10, 50)
  running.on = false
  await reloading
  t.same([...outcomes], [['200 ok', 500]])
  t.ok(reloads > 1, `${reloads} reloads`)
  t.ok(up.met() >= 25)
  await settled(server)
})
