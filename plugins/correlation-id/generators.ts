import type { Socket } from 'node:net'
import { createUuids, type FastifyRequest } from '../../src/plugin.ts'

export type Generator = (request: FastifyRequest) => string

/** Makes the ids of one entry. */
export function createGenerator (kind: 'uuid' | 'uuid#counter' | 'tracker', now: () => number): Generator {
  const uuid = createUuids(now)
  if (kind === 'uuid') return uuid
  if (kind === 'tracker') return createTracker(now)
  const prefix = `${uuid()}#`
  let counter = 0
  return function nextCounted () {
    return prefix + String(++counter)
  }
}

/** What nginx calls `$connection` and `$connection_requests`, for the connections that this entry has seen. */
function createTracker (now: () => number): Generator {
  const seen = new WeakMap<Socket, { connection: number, requests: number }>()
  let connections = 0
  return function nextTracker (request) {
    const socket = request.raw.socket
    let place = seen.get(socket)
    if (place === undefined) {
      place = { connection: ++connections, requests: 0 }
      seen.set(socket, place)
    }
    place.requests++
    const seconds = (now() / 1000).toFixed(3)
    return `${socket.localAddress}-${socket.localPort}-${process.pid}-${place.connection}-${place.requests}-${seconds}`
  }
}
