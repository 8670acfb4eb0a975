import { createServer, type Server } from 'node:http'
import type { GatewaySettings } from '../../config/model.ts'
import { ClientMessage } from './client-message.ts'

/** Room for the longest head that our own limits decide about: beyond it the parser stops reading. */
const HEAD_ROOM = 4_096

/** Node's server for HTTP/1.1, which parses and leaves it to us what is too much and too slow. */
export function createParser ({ limits, timeouts }: Pick<GatewaySettings, 'limits' | 'timeouts'>): Server {
  const server = createServer({
    IncomingMessage: ClientMessage,
    // our own limits decide (414, 431) and need the head to do so
    maxHeaderSize: limits.request_line + limits.header_block + HEAD_ROOM,
    insecureHTTPParser: false,
    requireHostHeader: false,
    noDelay: true,
    keepAlive: true,
    // Node sets and clears a timer at each request for it; the sweeper closes idle connections
    keepAliveTimeout: 0,
    headersTimeout: timeouts.headers,
    // it would cut a long upload: a body has a minimum rate instead
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1_000, Math.max(100, timeouts.headers / 4))
  })
  // Node cuts surplus fields silently; we count them
  server.maxHeadersCount = 0
  server.timeout = 0
  return server
}
