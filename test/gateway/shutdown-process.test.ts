import { Agent, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { ask, gatewayYaml, startProcess, until, upstream } from '../helpers/running.ts'

t.test('SIGTERM: not ready, still accepting for the delay, then finishing what runs, then exit 0', async t => {
  const waiting: ServerResponse[] = []
  const port = await upstream(t, (request, response) => {
    if (request.url === '/slow') waiting.push(response)
    else response.end('quick')
  })
  const gateway = await startProcess(t, gatewayYaml(port, { shutdown: { delay: 3_000, timeout: 20_000 } }))
  t.equal((await ask(gateway.adminPort, '/readyz')).status, 200)
  // one that idles, one whose request runs
  const idle = connect(gateway.port, '127.0.0.1').resume()
  await once(idle, 'connect')
  const idleClosed = once(idle, 'close')
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const slow = ask(gateway.port, '/slow', { agent })
  await until('the slow request is upstream', () => waiting.length === 1)

  gateway.child.kill('SIGTERM')
  await until('not ready', async () => (await ask(gateway.adminPort, '/readyz')).status === 503)
  t.match(JSON.parse((await ask(gateway.adminPort, '/readyz')).text), { reason: 'draining' })
  t.equal((await ask(gateway.adminPort, '/livez')).status, 200, 'still live')
  t.equal((await ask(gateway.port, '/')).status, 200, 'requests of the delay are served')

  await gateway.logged(/accepting no more/)
  await idleClosed
  await t.rejects(ask(gateway.port, '/'), { code: 'ECONNREFUSED' })
  t.match(await gateway.status(), { state: 'draining', requests: { in_flight: 1 } })
  waiting[0]?.end('done')
  const answer = await slow
  t.equal(answer.text, 'done')
  t.equal(answer.headers.connection, 'close', 'the client is told to move on')
  t.same(await gateway.ended, { code: 0, signal: null })
  t.equal(gateway.access().length, 2, 'the access log is whole')
})

t.test('a stream that does not end is cut after shutdown.timeout, and the exit code is 0', async t => {
  const port = await upstream(t, (_, response) => { response.write('data: 1\n\n') })
  const gateway = await startProcess(t, gatewayYaml(port, { shutdown: { delay: 0, timeout: 300 } }))
  const stream = ask(gateway.port, '/')
  stream.catch(() => {})
  await until('the stream runs', async () => (await gateway.status()).requests.in_flight === 1)
  gateway.child.kill('SIGINT')
  await t.rejects(stream, { code: 'ECONNRESET' })
  t.same(await gateway.ended, { code: 0, signal: null })
  t.ok(gateway.log.some(line => line.msg.startsWith('shutdown.timeout is over')))
})

t.test('a second signal ends it at once with 1', async t => {
  const port = await upstream(t, () => {})
  const gateway = await startProcess(t, gatewayYaml(port, { shutdown: { delay: 60_000, timeout: 60_000 } }))
  gateway.child.kill('SIGTERM')
  await gateway.logged(/not ready any more/)
  gateway.child.kill('SIGTERM')
  t.same(await gateway.ended, { code: 1, signal: null })
})

t.test('a gateway that can\'t listen says so and exits with 1', async t => {
  const port = await upstream(t, () => {})
  await t.rejects(startProcess(t, gatewayYaml(port, { listen: [{ host: '127.0.0.1', port }] })), /EADDRINUSE/)
})

t.test('a reader of the access log that does not read does not keep the process from ending', async t => {
  const port = await upstream(t, (_, response) => { response.end('ok') })
  const gateway = await startProcess(t, gatewayYaml(port))
  gateway.child.stdout?.pause()
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  t.teardown(() => agent.destroy())
  // more than the pipe and this test's own buffers take
  const long = `/${'x'.repeat(4000)}`
  for (let sent = 0; sent < 120; sent++) await ask(gateway.port, long, { agent })
  gateway.child.kill('SIGTERM')
  const [code] = await once(gateway.child, 'exit') as [number | null]
  t.ok(code === null || code === 0, 'ended, by force if need be')
  gateway.child.stdout?.resume()
})
