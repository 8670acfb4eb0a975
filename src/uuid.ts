import { randomFillSync } from 'node:crypto'

const BYTES = 16
const POOL = BYTES * 256

/**
 * Source of UUIDs of version 7 (RFC 9562 section 5.7): they sort by time, which databases and log stores like.
 * Random bytes are drawn 256 ids at a time: a call for each would cost more than all the rest.
 *
 * @param now milliseconds since the epoch
 */
export function createUuids (now: () => number): () => string {
  const pool = Buffer.allocUnsafe(POOL)
  let offset = POOL
  return function nextUuid () {
    if (offset === POOL) {
      randomFillSync(pool)
      offset = 0
    }
    pool.writeUIntBE(now(), offset, 6)
    pool[offset + 6] = 0x70 | (0x0f & (pool[offset + 6] as number))
    pool[offset + 8] = 0x80 | (0x3f & (pool[offset + 8] as number))
    const hex = pool.toString('hex', offset, offset += BYTES)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }
}
