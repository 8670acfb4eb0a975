/**
 * A small upstream service that is slow, streams, and takes its time: what a gateway has to bear.
 *
 *   node examples/upstreams/orders.js       HOST and PORT say where (127.0.0.1:3002)
 */
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const orders = [
  { id: 7, user: 1, item: 'lantern', state: 'shipped' },
  { id: 8, user: 3, item: 'rope', state: 'packed' }
]
const steps = ['received', 'packed', 'shipped', 'delivered']

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://orders')
  if (pathname === '/orders') return answer(response, 200, orders)
  if (pathname === '/orders/slow') return slow(response, Number(searchParams.get('ms') ?? 2000))
  const id = /^\/orders\/(\d+)(\/events)?$/.exec(pathname)
  const order = orders.find(order => order.id === Number(id?.[1]))
  if (order === undefined) return answer(response, 404, { error: 'no such order' })
  if (id[2] === undefined) return answer(response, 200, order)
  await events(response, order)
})

async function slow (response, ms) {
  await sleep(ms)
  answer(response, 200, { waited: ms })
}

/** Server-sent events: one a second, each of which has to reach the client when it is sent. */
async function events (response, order) {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  try {
    for (const state of steps) {
      response.write(`event: state\ndata: ${JSON.stringify({ order: order.id, state })}\n\n`)
      await sleep(1000, undefined, { signal: gone.signal })
    }
    response.end()
  } catch {
    // the client left: nobody is there to be told the rest
  }
}

function answer (response, status, value) {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

server.listen(Number(process.env.PORT ?? 3002), process.env.HOST ?? '127.0.0.1')
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close(() => process.exit()).closeAllConnections())
