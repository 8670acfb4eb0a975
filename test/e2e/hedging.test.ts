import t from 'tap'
import type { Test } from 'tap'
import { DEFAULT_RETRY } from '../../src/config/entities/retry.ts'
import type { Retry } from '../../src/config/model.ts'
import { statusOf } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { OK, rawUpstream, type RawUpstream, type Script } from '../helpers/raw-upstream.ts'

const text = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`

async function start (t: Test, script: string | Script, retry: Partial<Retry> = {}): Promise<{ upstream: RawUpstream, port: number, settled (): Promise<void> }> {
  const upstream = await rawUpstream(t, script)
  const { server, port } = await startHop(t, upstream.port, { service: { retry: { ...DEFAULT_RETRY, backoff: 0, hedge_delay: 50, ...retry } } })
  return { upstream, port, settled: async () => await settled(server) }
}

t.test('a GET that takes long is asked a second time, and the sooner answer counts; the other is cut', async t => {
  const { upstream, port, settled } = await start(t, (_request, _socket, index) => index === 0 ? null : text('second'))
  const { answer } = await ask(t, port, get())
  t.equal(answer.body.toString(), 'second')
  t.equal(upstream.requests.length, 2)
  await upstream.until(() => upstream.connections[0]?.closed === true)
  await settled()
})

t.test('the first may be the sooner one still', async t => {
  const { upstream, port, settled } = await start(t, (_request, _socket, index) => {
    if (index === 1) upstream.connections[0]?.socket.write(text('first'))
    return null
  })
  t.equal((await ask(t, port, get())).answer.body.toString(), 'first')
  await upstream.until(() => upstream.connections[1]?.closed === true)
  t.equal(upstream.requests.length, 2, 'at most one more')
  await settled()
})

t.test('what is quick, has a body or may change something is asked once', async t => {
  // a machine that is busy takes longer than a short delay for the quickest answer
  const { upstream, port } = await start(t, OK, { hedge_delay: 20_000 })
  await ask(t, port, get())
  t.equal(upstream.requests.length, 1)
  const slow = await start(t, (_request, socket, index) => {
    // long enough for a second attempt, if there were one
    setTimeout(() => { if (!socket.destroyed) socket.write(OK) }, 300)
    return index > 0 ? OK : null
  })
  for (const [index, request] of [
    'POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 0\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 3\r\n\r\nabc'
  ].entries()) {
    t.equal(statusOf((await ask(t, slow.port, request)).answer), 200)
    t.equal(slow.upstream.requests.length, index + 1)
    slow.upstream.requests.length = index + 1
  }
})

t.test('of two attempts, one that fails leaves the field to the other', async t => {
  for (const loser of [0, 1]) {
    const { upstream, port, settled } = await start(t, (_request, socket, index) => {
      if (index === 0) return null
      if (loser === 1) {
        socket.resetAndDestroy()
        const first = upstream.connections[0]?.socket
        first?.write(text('first'))
      } else {
        upstream.connections[0]?.socket.resetAndDestroy()
        setTimeout(() => socket.write(text('second')), 100)
      }
      return null
    })
    t.equal((await ask(t, port, get())).answer.body.toString(), loser === 1 ? 'first' : 'second')
    t.equal(upstream.requests.length, 2)
    await settled()
  }
})

t.test('of two attempts, one whose status is asked again leaves the field to the other', async t => {
  const { upstream, port, settled } = await start(t, (_request, _socket, index) => {
    if (index === 0) return null
    setTimeout(() => upstream.connections[0]?.socket.write(text('first')), 100)
    return 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'
  }, { retry_on: [503] })
  t.equal((await ask(t, port, get())).answer.body.toString(), 'first')
  t.equal(upstream.requests.length, 2)
  await settled()
})

t.test('when both fail, retries go on', async t => {
  const { upstream, port, settled } = await start(t, (_request, socket, index) => {
    if (index === 0) return null
    if (index > 1) return text('third')
    upstream.connections[0]?.socket.resetAndDestroy()
    socket.resetAndDestroy()
    return null
  })
  t.equal((await ask(t, port, get())).answer.body.toString(), 'third')
  t.equal(upstream.requests.length, 3)
  await settled()
})

t.test('without a budget there is no second attempt', async t => {
  const { upstream, port, settled } = await start(t, (_request, socket) => {
    setTimeout(() => { if (!socket.destroyed) socket.write(OK) }, 300)
    return null
  }, { budget_percent: 0, budget_minimum: 0 })
  t.equal(statusOf((await ask(t, port, get())).answer), 200)
  t.equal(upstream.requests.length, 1)
  await settled()
})

t.test('a client that leaves cuts both', async t => {
  const { upstream, port, settled } = await start(t, () => null)
  const client = await rawClient(t, port)
  client.send(get())
  await upstream.until(() => upstream.requests.length === 2)
  client.socket.destroy()
  await upstream.until(() => upstream.connections.every(({ closed }) => closed))
  await settled()
})
