import { randomFillSync } from 'node:crypto'

const DIGITS = 16
const POOL = DIGITS * 256

/** Source of span ids: 16 hex digits, drawn 256 at a time, since each request needs one. */
export function createSpanIds (): () => string {
  const bytes = Buffer.allocUnsafe(POOL / 2)
  let digits = ''
  let offset = POOL
  return () => {
    if (offset === POOL) {
      digits = randomFillSync(bytes).toString('hex')
      offset = 0
    }
    const start = offset
    offset += DIGITS
    const id = digits.slice(start, offset)
    return id === '0000000000000000' ? '0000000000000001' : id
  }
}
