/** One of three targets dies under load; what its requests come to. */
import { createServer, Agent, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { DEFAULT_RETRY } from '../../src/config/entities/retry.ts'
import type { Config, Retry } from '../../src/config/model.ts'
import { upstream } from '../helpers/balancing.ts'
import { config, route, service } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { settled } from '../helpers/hop.ts'
import { ask, type Answer } from '../helpers/running.ts'

/** How a target behaves: answers, answers with this status, or cuts the connection when the request is there. */
type Manner = 'well' | 'cut' | number

interface Target { readonly port: number, readonly requests: string[], manner: Manner, die (): void }

async function startTarget (t: Test): Promise<Target> {
  const sockets = new Set<Socket>()
  const server = createServer((request: IncomingMessage, response) => {
    target.requests.push(`${request.method} ${request.headers['x-nth']}`)
    request.resume()
    if (target.manner === 'cut') {
      request.socket.resetAndDestroy()
      return
    }
    if (target.manner !== 'well') response.statusCode = target.manner
    response.end('x')
  })
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const target: Target = {
    port: (server.address() as AddressInfo).port,
    requests: [],
    manner: 'well',
    die () {
      server.close()
      for (const socket of sockets) socket.resetAndDestroy()
    }
  }
  t.teardown(() => target.die())
  return target
}

function fileOf (targets: readonly Target[], retry: Partial<Retry> = {}): Config {
  return config({
    services: [service({ port: 1, host: 'users', retry: { ...DEFAULT_RETRY, ...retry } })],
    routes: [route()],
    upstreams: [upstream()],
    targets: targets.map(({ port }) => ({ id: `t${port}`, tags: [], pointer: '', upstream: 'upstream-1', target: `127.0.0.1:${port}`, weight: 100, failover: false }))
  })
}

async function threeTargets (t: Test): Promise<[Target, Target, Target]> {
  return [await startTarget(t), await startTarget(t), await startTarget(t)]
}

/** Sends requests, some at a time, and calls `half` in the middle of them. */
async function load (t: Test, port: number, count: number, method: string, half: () => void): Promise<Answer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 10 })
  t.teardown(() => agent.destroy())
  const answers: Answer[] = []
  let nth = 0
  await Promise.all(Array.from({ length: 10 }, async () => {
    while (nth < count) {
      const mine = nth++
      if (mine === count / 2) half()
      answers.push(await ask(port, '/', { agent, method, headers: { 'x-nth': String(mine) }, ...method === 'GET' ? {} : { body: 'abc' } }))
    }
  }))
  return answers
}

const failed = (answers: readonly Answer[]): number => answers.filter(({ status }) => status !== 200).length

t.test('when a target goes away, no request that may be sent twice fails', async t => {
  for (const method of ['GET', 'PUT']) {
    const targets = await threeTargets(t)
    const { server, port } = await startGateway(t, fileOf(targets))
    const answers = await load(t, port, 600, method, () => targets[0].die())
    t.equal(answers.length, 600)
    t.equal(failed(answers), 0, method)
    await settled(server)
  }
})

t.test('a target that refuses for good costs no request, though a third of them meet it: what never left is lent', async t => {
  const targets = await threeTargets(t)
  targets[0].die()
  const { server, port } = await startGateway(t, fileOf(targets, { budget_minimum: 1 }))
  t.equal(failed(await load(t, port, 300, 'POST', () => {})), 0)
  t.equal(targets[1].requests.length + targets[2].requests.length, 300, 'each was sent once')
  await settled(server)
})

t.test('a target that cuts every connection, within the budget', async t => {
  const targets = await threeTargets(t)
  const { server, port } = await startGateway(t, fileOf(targets, { budget_percent: 60 }))
  t.equal(failed(await load(t, port, 600, 'GET', () => { targets[1].manner = 'cut' })), 0)
  await settled(server)
})

t.test('a target that answers 503, within the budget; and the same during reloads', async t => {
  const targets = await threeTargets(t)
  const file = (retries: number): Config => {
    const made = fileOf(targets, { budget_percent: 60, retry_on: ['connect', 'reset', 503] })
    return { ...made, services: made.services.map(one => ({ ...one, retries })) }
  }
  const { server, port } = await startGateway(t, file(5))
  let reloads = 0
  const loading = load(t, port, 600, 'GET', () => { targets[2].manner = 503 })
  const stopped = new AbortController()
  const reloading = (async () => {
    for (; !stopped.signal.aborted; reloads++) {
      (await server.prepare(file(2 + reloads % 3), new Map())).commit()
      await new Promise(resolve => { setTimeout(resolve, 20) })
    }
  })()
  t.equal(failed(await loading), 0)
  stopped.abort()
  await reloading
  t.ok(reloads > 1, `${reloads} reloads`)
  await settled(server)
})

t.test('a POST that went out is never sent again, whatever becomes of it', async t => {
  const targets = await threeTargets(t)
  const { server, port } = await startGateway(t, fileOf(targets, { budget_percent: 100, retry_on: ['connect', 'reset', 'timeout', 503] }))
  const answers = await load(t, port, 600, 'POST', () => {
    targets[0].manner = 'cut'
    targets[1].manner = 503
  })
  const seen = targets.flatMap(({ requests }) => requests)
  t.equal(new Set(seen).size, seen.length, 'no target has seen what another one has seen')
  t.ok(failed(answers) > 0, 'some failed, and their clients know it')
  await settled(server)
})

t.test('when all targets fail, they get a fifth more requests and the least of the budget, no storm', async t => {
  for (const manner of ['cut', 503] as const) {
    const targets = await threeTargets(t)
    for (const target of targets) target.manner = manner
    const { server, port } = await startGateway(t, fileOf(targets, { retry_on: ['connect', 'reset', 503], backoff: 1 }))
    const requests = 500
    const begun = performance.now()
    t.equal(failed(await load(t, port, requests, 'GET', () => {})), requests)
    const attempts = targets.reduce((sum, target) => sum + target.requests.length, 0)
    // its least is for ten seconds, and again for the next ten
    const least = 30 * (1 + Math.floor((performance.now() - begun) / 10_000))
    t.ok(attempts <= 1.2 * requests + least, `${attempts} attempts, ${manner}`)
    t.ok(attempts > 1.1 * requests, 'and the budget was used')
    await settled(server)
  }
})
