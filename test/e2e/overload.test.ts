import { join } from 'node:path'
import t from 'tap'
import { ask, startProcess, until, upstream } from '../helpers/running.ts'

/** A plugin that keeps the CPU busy for as many milliseconds as `x-spin` says. */
const HOG = `
export default {
  [Symbol.for('sallyport.plugin')]: true,
  api: 1,
  name: 'hog',
  priority: 1,
  schema: { type: 'object', additionalProperties: false, properties: {} },
  scopes: ['route'],
  register (scope) {
    scope.addHook('onRequest', async function spin (request) {
      const end = performance.now() + Number(request.headers['x-spin'])
      while (performance.now() < end);
    })
  }
}
`

t.test('a process with too much to do refuses the less important, stays live and ready, and takes all again', async t => {
  const port = await upstream(t, (_request, response) => { response.end('ok') })
  const yaml = `_format_version: "3.0"
gateway:
  listen: [{ host: 127.0.0.1, port: 0 }]
  admin: { host: 127.0.0.1, port: 0 }
  modules: [./hog.mjs]
  overload: { event_loop_delay: 150 }
services:
  - name: up
    url: http://127.0.0.1:${port}
    routes:
      - { name: cheap, paths: [/cheap], importance: low }
      - name: dear
        paths: [/dear]
        importance: high
        plugins: [{ name: hog }]
`
  const gateway = await startProcess(t, join(t.testdir({ 'hog.mjs': HOG, 'gateway.yaml': yaml }), 'gateway.yaml'))
  t.equal((await ask(gateway.port, '/cheap')).status, 200)

  const enough = new AbortController()
  const hogs = Promise.all([1, 2].map(async () => {
    while (!enough.signal.aborted) await ask(gateway.port, '/dear', { headers: { 'x-spin': '300' } })
  }))
  await until('a cheap one is refused', async () => (await ask(gateway.port, '/cheap')).status === 503)
  for (const path of ['/livez', '/readyz']) t.equal((await ask(gateway.adminPort, path)).status, 200, path)
  t.ok((await gateway.status()).requests.shed > 0)
  enough.abort()
  await hogs

  await gateway.logged(/no longer overloaded/)
  await until('cheap ones are taken again', async () => (await ask(gateway.port, '/cheap')).status === 200)
  await until('the line is written', () => gateway.access().some(line => line['error'] === 'SP_OVERLOADED'))
  t.match(gateway.access().find(line => line['error'] === 'SP_OVERLOADED'), { overload: 'event_loop_delay', response: { status: 503, headers: { 'retry-after': '2' } }, route: { name: 'cheap' } })
  t.equal(gateway.log.filter(line => /a request failed/.test(line.msg)).length, 0)
})
