import { once } from 'node:events'
import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { config, route, service, settings } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { settled } from '../helpers/hop.ts'

type Misfortune = (stream: ServerHttp2Stream, session: ServerHttp2Session) => void

/** An upstream that every so often does something else than answer; what it answers is whole, or isn't. */
async function moody (t: Test, every: number, misfortunes: readonly Misfortune[]): Promise<{ port: number, sessions: ServerHttp2Session[], met: () => number }> {
  const server = createServer()
  const sessions: ServerHttp2Session[] = []
  let requests = 0
  let met = 0
  server.on('session', session => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', stream => {
    stream.on('error', () => {})
    const session = stream.session as ServerHttp2Session
    if (++requests % every === 0) {
      (misfortunes[met++ % misfortunes.length] as Misfortune)(stream, session)
      return
    }
    // some are on their way when something happens to their connection
    setTimeout(() => answer(stream), requests % 3 * 2)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sessions, met: () => met }
}

function answer (stream: ServerHttp2Stream): void {
  if (stream.closed || stream.destroyed) return
  stream.respond({ ':status': 200, 'content-length': 2 })
  stream.end('ok')
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
  stream => stream.close(constants.NGHTTP2_REFUSED_STREAM),
  stream => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  stream => stream.close(constants.NGHTTP2_CANCEL),
  // takes leave; what has begun is answered
  (stream, session) => {
    session.close()
    answer(stream)
  },
  // takes leave of what it has not looked at
  (stream, session) => {
    session.goaway(constants.NGHTTP2_NO_ERROR, (stream.id as number) - 1)
    stream.close(constants.NGHTTP2_REFUSED_STREAM)
  }
]

t.test('streams that are reset and connections that take leave under load cost no idempotent request', async t => {
  const up = await moody(t, 20, RESETS)
  const { server, port } = await startGateway(t, config({ services: [service({ port: up.port, http2: true })], routes: [route()] }), [])
  const outcomes = await load(port, 10, 50)
  t.same([...outcomes], [['200 ok', 500]])
  t.ok(up.met() >= 25)
  t.ok(up.sessions.length > 3)
  await settled(server)
})

t.test('connections that close under load, while the configuration changes, cost no idempotent request', async t => {
  const up = await moody(t, 20, [
    (_stream, session) => session.destroy(),
    (_stream, session) => session.destroy(constants.NGHTTP2_ENHANCE_YOUR_CALM as unknown as Error),
    (stream, session) => {
      session.close()
      answer(stream)
    }
  ])
  const file = (timeout: number) => config({ gateway: settings(), services: [service({ port: up.port, http2: true, read_timeout: timeout })], routes: [route()] })
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
