/** The admin listener: whether the gateway lives, whether it takes requests, and what it runs. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from '../config/model.ts'
import type { MetricsPage } from '../observability/metrics/render.ts'
import type { PublishedAction } from '../gateway/published.ts'
import { readActionBody, RefusedAction } from './actions.ts'
import { isLoopback, mayBeAsked } from './host.ts'

export interface AdminSource {
  /** null: takes requests; otherwise why not. */
  notReady (): string | null
  /** Plain JSON. */
  status (): Promise<unknown>
  /** For Prometheus. */
  metrics (): Promise<MetricsPage>
  /** What a plugin publishes at a path; undefined: nothing. */
  document (path: string): unknown
  /** What a plugin does at a path; undefined: nothing. */
  action (path: string): PublishedAction | undefined
  /** Has it done, in all processes. */
  act (action: PublishedAction, body: unknown): Promise<unknown>
}

export interface Admin {
  /** @throws the system's error (EADDRINUSE, EACCES, …) */
  listen (): Promise<AddressInfo>
  close (): Promise<void>
}

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** In place of `body`, as it is. */
  readonly page?: MetricsPage
}

const ENDPOINTS = new Set(['/livez', '/readyz', '/status', '/metrics'])
/** An endpoint's answer must come before a prober gives up. */
const TIMEOUT = 10_000

/** Plain `http` on purpose: it must answer when everything else is in trouble, and has four endpoints. */
export function createAdmin (address: ListenAddress, source: AdminSource): Admin {
  const guarded = isLoopback(address.host)

  async function answer (request: IncomingMessage): Promise<Answer> {
    // a page in a browser can make its own name point to 127.0.0.1 and read what comes back
    if (guarded && !mayBeAsked(request.headers.host, address.host)) {
      return { status: 403, body: { message: 'This listener answers to its own address only' } }
    }
    const path = (request.url ?? '/').split('?', 1)[0] as string
    const action = ENDPOINTS.has(path) ? undefined : source.action(path)
    if (action !== undefined) return await run(action, request)
    const published = ENDPOINTS.has(path) ? undefined : source.document(path)
    if (!ENDPOINTS.has(path) && published === undefined) return { status: 404, body: { message: 'Not found', endpoints: [...ENDPOINTS] } }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, body: { message: 'Method not allowed' }, headers: { allow: 'GET, HEAD' } }
    }
    if (published !== undefined) return { status: 200, body: published }
    if (path === '/livez') return { status: 200, body: { status: 'live' } }
    if (path === '/readyz') {
      const reason = source.notReady()
      return reason === null ? { status: 200, body: { status: 'ready' } } : { status: 503, body: { status: 'not ready', reason } }
    }
    if (path === '/metrics') return { status: 200, body: null, page: await source.metrics() }
    return { status: 200, body: await source.status() }
  }

  async function run (action: PublishedAction, request: IncomingMessage): Promise<Answer> {
    // there is nobody to ask who it is yet: whoever reaches this machine's loopback may
    if (!guarded) return { status: 403, body: { message: 'Actions need an admin listener on the loopback (gateway.admin)' } }
    if (request.method !== 'POST') return { status: 405, body: { message: 'Method not allowed' }, headers: { allow: 'POST' } }
    try {
      return { status: 200, body: await source.act(action, await readActionBody(request, action)) }
    } catch (error) {
      if (error instanceof RefusedAction) return { status: error.status, body: { message: error.message } }
      return { status: 500, body: { message: 'The action failed' } }
    }
  }

  const server: Server = createServer({
    maxHeaderSize: 8 * 1024,
    headersTimeout: TIMEOUT,
    requestTimeout: TIMEOUT,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 1_000
  }, (request, response) => {
    answer(request).then(result => send(request, response, result), () => {
      send(request, response, { status: 500, body: { message: 'The status could not be collected' } })
    })
  })
  server.maxConnections = 256
  server.setTimeout(TIMEOUT)

  return {
    async listen () {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
          server.off('error', reject)
          resolve()
        })
      })
      return server.address() as AddressInfo
    },
    async close () {
      if (!server.listening) return
      const closed = new Promise<void>(resolve => { server.close(() => resolve()) })
      server.closeAllConnections()
      await closed
    }
  }
}

function send (request: IncomingMessage, response: ServerResponse, { status, body, headers, page }: Answer): void {
  const { type, text } = page ?? { type: 'application/json; charset=utf-8', text: `${JSON.stringify(body, null, 2)}\n` }
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // a body that nobody reads must not wait on this connection
    ...(request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined ? { connection: 'close' } : {}),
    ...headers
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}
