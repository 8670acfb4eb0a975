import { hostname } from 'node:os'
import type { FastifyRequest, Route, Service } from '../../src/plugin.ts'

/** What `echo: true` answers, in Kong's shape. */
export function describeRequest (request: FastifyRequest, nodeId: string, message: string | undefined): object {
  const { route, service, scheme, host, port, method, path, captures } = request.gateway
  const raw = Buffer.isBuffer(request.body) ? request.body.toString() : ''
  return {
    message,
    // the key's name is part of the shape that clients of this plugin read
    kong: { node_id: nodeId, worker_pid: process.pid, hostname: hostname() },
    request: {
      scheme,
      host,
      port,
      headers: request.headers,
      query: request.query,
      body: parseBody(raw, request.headers['content-type'] ?? ''),
      raw_body: raw,
      method,
      path,
      uri_captures: captures
    },
    matched_route: route === null ? undefined : describeRoute(route),
    matched_service: service === null ? undefined : describeService(service)
  }
}

function parseBody (raw: string, contentType: string): unknown {
  if (/^application\/json\b/i.test(contentType)) {
    try {
      return JSON.parse(raw)
    } catch {
      return undefined
    }
  }
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) return Object.fromEntries(new URLSearchParams(raw))
  return undefined
}

function describeRoute (route: Route): object {
  const { pointer, service, ...rest } = route
  return { ...rest, service: service === null ? undefined : { id: service } }
}

/** Without its address: answers never tell where upstreams are. */
function describeService (service: Service): object {
  const { pointer, host, port, path, ...rest } = service
  return rest
}
