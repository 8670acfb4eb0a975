/** google.rpc.RetryInfo in the details of a gRPC status: when a server wants to be asked again. */

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'
const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/**
 * @param details value of `grpc-status-details-bin`: a google.rpc.Status
 * @returns milliseconds; null: it says nothing of it
 */
export function retryDelay (details: string | Buffer | undefined): number | null {
  if (!Buffer.isBuffer(details)) return null
  try {
    for (const any of all(details, 3)) {
      if (String(all(any, 1)[0]) !== RETRY_INFO) continue
      const [info = Buffer.alloc(0)] = all(any, 2)
      const [duration = Buffer.alloc(0)] = all(info, 1)
      const [seconds = 0, nanos = 0] = [numbers(duration, 1).at(-1), numbers(duration, 2).at(-1)]
      return seconds * 1000 + Math.ceil(nanos / 1e6)
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return null
}

function all (message: Buffer, field: number): Buffer[] {
  return [...fieldsOf(message)].flatMap(([number, value]) => number === field && typeof value !== 'number' ? [value] : [])
}

function numbers (message: Buffer, field: number): number[] {
  return [...fieldsOf(message)].flatMap(([number, value]) => number === field && typeof value === 'number' ? [value] : [])
}

/** Fields of a protobuf message, by number. @throws RangeError where it ends too early */
function * fieldsOf (message: Buffer): Generator<[number: number, value: number | Buffer]> {
  let at = 0
  const take = (length: number): Buffer => {
    if (at + length > message.length) throw new RangeError('cut')
    at += length
    return message.subarray(at - length, at)
  }
  const varint = (): number => {
    let value = 0
    for (let factor = 1; factor < 2 ** 63; factor *= 128) {
      const byte = take(1)[0] as number
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
    throw new RangeError('too long')
  }
  while (at < message.length) {
    const tag = varint()
    const number = Math.floor(tag / 8)
    switch (tag % 8) {
      case VARINT: yield [number, varint()]; break
      case BYTES: yield [number, take(varint())]; break
      case FIXED64: take(8); break
      case FIXED32: take(4); break
      default: throw new RangeError('no such type')
    }
  }
}
