import { randomFillSync } from 'node:crypto'

const BYTES = 16
const POOL = BYTES * 256

/**
 * Source of request ids: 32 hex digits from the system's random generator, unguessable and unique.
 * Drawn 256 at a time: one call for each id costs about a microsecond of a 35 µs hop.
 */
export function createRequestIds (): () => string {
  const pool = Buffer.allocUnsafe(POOL)
  let offset = POOL
  return function nextRequestId () {
    if (offset === POOL) {
      randomFillSync(pool)
      offset = 0
    }
    const start = offset
    offset += BYTES
    return pool.toString('hex', start, offset)
  }
}
