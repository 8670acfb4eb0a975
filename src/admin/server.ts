/** The admin listener: probes, metrics, the Admin API and the dashboard. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from '../config/model.ts'
import { refusal } from './access.ts'
import { failure, Refused, send, type Answer } from './answer.ts'
import { createBodyReader } from './body.ts'
import type { Endpoint } from './endpoint.ts'
import { allEndpoints } from './endpoints/all.ts'
import { publishedAt } from './endpoints/published.ts'
import { createSpread } from '../steps.ts'
import { createFinder, type Found } from './router.ts'
import type { AdminSource } from './source.ts'

export type { AdminSource } from './source.ts'

export interface Admin {
  /** @throws the system's error (EADDRINUSE, EACCES, …) */
  listen (): Promise<AddressInfo>
  close (): Promise<void>
}

/** An endpoint's answer must come before a prober gives up. */
const TIMEOUT = 10_000

/** Plain `http` on purpose: it must answer when everything else is in trouble. */
export function createAdmin (address: ListenAddress, source: AdminSource): Admin {
  const endpoints = allEndpoints()
  const find = createFinder(endpoints)
  const readBody = createBodyReader()
  const spread = createSpread()

  async function answer (request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const { path, query } = targetOf(request)
    const found = new Map(find(path))
    if (found.size === 0) {
      const published = publishedAt(source, path)
      if (published !== null) found.set(published.method, { endpoint: published, params: {} })
    }
    const method = request.method === 'HEAD' ? 'GET' : request.method as string
    const match = found.get(method)
    if (match === undefined) return missing(request, found)
    const { endpoint, params } = match
    const { access } = endpoint
    // what an order needs may follow from what it says, and nothing is read before the rest is known
    const first = refusal(request, typeof access === 'function' ? 'read' : access, address.host, source.rules())
    if (first !== null) return first
    const { query: known } = endpoint
    const stranger = known === undefined ? undefined : [...query.keys()].find(name => !Object.hasOwn(known, name))
    if (known !== undefined && stranger !== undefined) return failure(400, `There is no argument '${stranger}' here; there are: ${Object.keys(known).join(', ')}`)
    const body = endpoint.body === undefined ? undefined : await readBody(request, endpoint.body)
    const second = typeof access === 'function' ? refusal(request, access(body), address.host, source.rules()) : null
    // a reload with all its workers, or the whole of a large file, may take longer than a silent connection is kept: it must still arrive
    response.socket?.setTimeout(12 * TIMEOUT)
    return second ?? await endpoint.run({ source, params, query, body, headers: request.headers, spread })
  }

  /** Who may not ask learns nothing, not even what there is. */
  function missing (request: IncomingMessage, found: ReadonlyMap<string, Found>): Answer {
    const refused = refusal(request, 'read', address.host, source.rules())
    if (refused !== null) return refused
    if (found.size === 0) return { status: 404, body: { message: 'Not found', endpoints: paths(endpoints) } }
    return failure(405, 'Method not allowed', { allow: [...found.keys()].map(method => method === 'GET' ? 'GET, HEAD' : method).join(', ') })
  }

  const server: Server = createServer({
    maxHeaderSize: 8 * 1024,
    headersTimeout: TIMEOUT,
    requestTimeout: TIMEOUT,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 1_000
  }, (request, response) => {
    // also of what can't be written as JSON: what a plugin gives must not end the process
    answer(request, response).then(async result => await send(request, response, result, spread)).catch(async error => {
      if (response.headersSent) response.destroy()
      else if (error instanceof Refused) await send(request, response, failure(error.status, error.message, error.headers), spread)
      else await send(request, response, failure(500, 'The answer could not be put together'), spread)
    }).catch(() => { response.destroy() })
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

function targetOf ({ url = '/' }: IncomingMessage): { readonly path: string, readonly query: URLSearchParams } {
  const mark = url.indexOf('?')
  return mark === -1 ? { path: url, query: new URLSearchParams() } : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) }
}

function paths (endpoints: readonly Endpoint[]): string[] {
  return [...new Set(endpoints.map(({ path }) => path))]
}
