/** Another service stands in for one whose breaker is open. */
import t from 'tap'
import type { Test } from 'tap'
import { serveFile } from '../helpers/serve-file.ts'
import { ask, upstream } from '../helpers/running.ts'

/** Services that answer with their name and what they were asked for, or fail. */
async function services (t: Test, ...names: string[]) {
  const down = new Set<string>()
  const asked: string[] = []
  const urls = new Map<string, string>()
  for (const name of names) {
    const port = await upstream(t, (request, response) => {
      asked.push(name)
      let body = ''
      request.on('data', chunk => { body += String(chunk) })
      request.on('end', () => {
        response.statusCode = down.has(name) ? 500 : 200
        response.end(`${name} ${request.method} ${request.headers.host?.split(':')[0]} ${request.url} ${body}`)
      })
    })
    urls.set(name, `http://127.0.0.1:${port}/${name}`)
  }
  return { down, asked, url: (name: string) => urls.get(name) as string }
}

const BREAKER = '{ failure_threshold: 1, reset_timeout: 3600000, fallback_service: second }'

t.test('its requests go to the other service, with its path, and bodies', async t => {
  const { down, asked, url } = await services(t, 'first', 'second')
  const { port } = await serveFile(t, `
services:
- { name: first, url: '${url('first')}', circuit_breaker: ${BREAKER}, routes: [{ name: all, paths: [/api] }] }
- { name: second, url: '${url('second')}' }
`)
  down.add('first')
  t.equal((await ask(port, '/api/x?y=1')).status, 500)
  t.match(await ask(port, '/api/x?y=1', { method: 'POST', body: 'data' }), { status: 200, text: 'second POST 127.0.0.1 /second/x?y=1 data' })
  t.same(asked, ['first', 'second'])
})

t.test('where the other one is down as well, the gateway answers; circles end', async t => {
  const { down, asked, url } = await services(t, 'first', 'second')
  const { port } = await serveFile(t, `
services:
- { name: first, url: '${url('first')}', circuit_breaker: ${BREAKER}, routes: [{ name: all, paths: [/] }] }
- { name: second, url: '${url('second')}', circuit_breaker: { failure_threshold: 1, reset_timeout: 3600000, fallback_service: first }, routes: [{ name: other, paths: [/other] }] }
`)
  down.add('first').add('second')
  const statuses = []
  for (let count = 0; count < 4; count++) statuses.push((await ask(port, '/')).status)
  t.same(statuses, [500, 500, 503, 503])
  t.match(await ask(port, '/other'), { status: 503, headers: { 'retry-after': /^3[56]\d\d$/ } })
  t.same(asked, ['first', 'second'])
})

t.test('a plugin\'s breaker falls back, too, and has one of its own before the other service', async t => {
  const { down, asked, url } = await services(t, 'first', 'second')
  const { port, server } = await serveFile(t, `
services:
- name: first
  url: '${url('first')}'
  routes: [{ name: all, paths: [/] }]
  plugins: [{ name: circuit-breaker, config: ${BREAKER} }]
- { name: second, url: '${url('second')}' }
`)
  down.add('first').add('second')
  const statuses = []
  for (let count = 0; count < 3; count++) statuses.push((await ask(port, '/')).status)
  t.same(statuses, [500, 500, 503])
  t.same(asked, ['first', 'second'])
  t.match(server.facts().breakers, [{ service: 'first', state: 'open' }, { service: 'second', state: 'open' }])
})

t.test('what could not work, or would pass protection by, is refused', async t => {
  const load = async (rest: string) => await serveFile(t, rest).then(() => 'it runs', (error: Error) => error.message)
  const file = (breaker: string, second = '') => `
services:
- { name: first, url: 'http://127.0.0.1:1', circuit_breaker: ${breaker}, routes: [{ name: all, paths: [/] }] }
- { name: second, url: 'http://127.0.0.1:1', ${second} }
`
  t.equal(await load(file('{ fallback_service: second }')), 'it runs')
  t.match(await load(file('{ fallback_service: secnd }')), /Did you mean 'second'/)
  t.match(await load(file('{ fallback_service: first }')), /stand in for itself/)
  t.match(await load(file('{ fallback_service: second }', 'enabled: false')), /is off/)
  t.match(await load(file('{ fallback_service: second, per: target }')), /many breakers/)
  t.match(await load(file('{ fallback_service: second }', 'plugins: [{ name: request-termination }]')), /past its 'request-termination'/)
})

t.test('a cache before it answers from what it has, and keeps nothing of the other service', async t => {
  const first = { down: false }
  const port1 = await upstream(t, (_request, response) => {
    if (first.down) {
      response.writeHead(500).end()
      return
    }
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'max-age=0', etag: '"1"' }).end('first')
  })
  const conditions: Array<string | undefined> = []
  const port2 = await upstream(t, (request, response) => {
    conditions.push(request.headers['if-none-match'])
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'max-age=3600', etag: '"1"' }).end('second')
  })
  const file = (staleIfError: number) => `
services:
- name: first
  url: 'http://127.0.0.1:${port1}'
  retries: 0
  circuit_breaker: ${BREAKER}
  routes: [{ name: all, paths: [/] }]
- { name: second, url: 'http://127.0.0.1:${port2}' }
plugins:
- { name: proxy-cache, config: { strategy: memory, cache_control: true, stale_if_error: ${staleIfError} } }
`
  const strict = await serveFile(t, file(0))
  t.equal((await ask(strict.port, '/a')).text, 'first')
  t.equal((await ask(strict.port, '/b')).text, 'first')
  first.down = true
  t.equal((await ask(strict.port, '/c')).status, 500)
  t.match(await ask(strict.port, '/a'), { status: 200, text: 'second' })
  t.same(conditions, [undefined], 'the client has asked for no 304')
  t.match(await ask(strict.port, '/a', { headers: { 'if-none-match': '"9"' } }), { status: 200, text: 'second' })
  t.same(conditions, [undefined, '"9"'])
  t.equal((await ask(strict.port, '/d')).text, 'second')
  t.equal((await ask(strict.port, '/d')).text, 'second')
  t.equal(conditions.length, 4, 'nothing of it was stored')

  first.down = false
  const lenient = await serveFile(t, file(3600))
  t.equal((await ask(lenient.port, '/a')).text, 'first')
  first.down = true
  t.equal((await ask(lenient.port, '/c')).status, 500)
  t.match(await ask(lenient.port, '/a'), { status: 200, text: 'first' })
  t.equal(conditions.length, 4)
})

t.test('a cache before an open breaker without a fallback still has its stale answer', async t => {
  const state = { down: false }
  const port1 = await upstream(t, (_request, response) => {
    response.writeHead(state.down ? 500 : 200, { 'content-type': 'text/plain', 'cache-control': 'max-age=0', etag: '"1"' }).end('first')
  })
  const { port } = await serveFile(t, `
services:
- name: first
  url: 'http://127.0.0.1:${port1}'
  circuit_breaker: { failure_threshold: 1, reset_timeout: 3600000 }
  routes: [{ name: all, paths: [/] }]
plugins:
- { name: proxy-cache, config: { strategy: memory, cache_control: true, stale_if_error: 3600 } }
`)
  t.equal((await ask(port, '/a')).text, 'first')
  state.down = true
  t.equal((await ask(port, '/b')).status, 500)
  t.match(await ask(port, '/a'), { status: 200, text: 'first' })
  t.equal((await ask(port, '/b')).status, 503)
})
