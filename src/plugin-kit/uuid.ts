import { randomFillSync } from 'node:crypto'

/** Random bytes of one id; the rest is the time. */
const BYTES = 10
const IDS = 256

/** `7xxx-vxxx-xxxxxxxxxxxx`: what follows the time. */
const LENGTH = 22
/** Where the hex digits of the random bytes go. */
const PLACES = [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]

const HEX = Buffer.from('0123456789abcdef')

/**
 * Source of UUIDs of version 7 (RFC 9562 section 5.7): they sort by time, which databases and log stores like.
 *
 * All but the time is drawn and written for 256 ids at once, and cut out of one string: an id that is put together from its
 * digits is a chain of a dozen strings, which is walked where the id is used. `crypto.randomUUID` is of version 4.
 *
 * @param now milliseconds since the epoch
 */
export function createUuids (now: () => number): () => string {
  const random = Buffer.allocUnsafe(BYTES * IDS)
  const text = Buffer.alloc(LENGTH * IDS, '-')
  let tails = ''
  let offset = LENGTH * IDS
  let last = -1
  let time = ''

  function draw (): void {
    randomFillSync(random)
    for (let id = 0; id < IDS; id++) {
      const bytes = id * BYTES
      random[bytes] = 0x70 | (0x0f & (random[bytes] as number))
      random[bytes + 2] = 0x80 | (0x3f & (random[bytes + 2] as number))
      for (let digit = 0; digit < PLACES.length; digit++) {
        const byte = random[bytes + (digit >> 1)] as number
        text[id * LENGTH + (PLACES[digit] as number)] = HEX[digit % 2 === 0 ? byte >> 4 : byte & 15] as number
      }
    }
    tails = text.toString('latin1')
    offset = 0
  }

  return function nextUuid () {
    if (offset === LENGTH * IDS) draw()
    const milliseconds = now()
    if (milliseconds !== last) {
      last = milliseconds
      const hex = Math.trunc(milliseconds).toString(16).padStart(12, '0')
      time = `${hex.slice(0, 8)}-${hex.slice(8)}-`
    }
    const start = offset
    offset += LENGTH
    return time + tails.slice(start, offset)
  }
}
