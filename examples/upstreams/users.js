/**
 * A small upstream service with people in it: the kind of thing that stands behind a gateway.
 *
 *   node examples/upstreams/users.js        HOST and PORT say where (127.0.0.1:3001)
 */
import { createServer } from 'node:http'

const users = [
  { id: 1, name: 'Ada', role: 'admin' },
  { id: 2, name: 'Linus', role: 'developer' },
  { id: 3, name: 'Grace', role: 'developer' }
]

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://users')
  if (pathname === '/users' && request.method === 'GET') return answer(response, 200, users)
  if (pathname === '/users' && request.method === 'POST') return create(request, response)
  if (pathname === '/echo') return echo(request, response)
  const user = users.find(user => pathname === `/users/${user.id}`)
  if (user !== undefined) return answer(response, 200, user)
  answer(response, 404, { error: 'no such user' })
})

async function create (request, response) {
  try {
    const { name, role = 'developer' } = JSON.parse(await text(request))
    answer(response, 201, { id: users.length + 1, name, role })
  } catch {
    answer(response, 400, { error: 'the body is not JSON' })
  }
}

/** Says what arrived here: what the gateway added, kept and removed. */
async function echo (request, response) {
  const body = await text(request)
  answer(response, 200, { method: request.method, url: request.url, headers: request.headers, body })
}

async function text (request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function answer (response, status, value) {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'x-powered-by': 'users' })
  response.end(body)
}

server.listen(Number(process.env.PORT ?? 3001), process.env.HOST ?? '127.0.0.1')
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close(() => process.exit()).closeAllConnections())
