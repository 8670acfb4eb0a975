import { BEGIN, digest, HASH, NONE } from './hash-chain.ts'

/** Something that is not as it was written. */
export interface ChainFault {
  /** From 1. */
  readonly line: number
  readonly message: string
}

export interface ChainVerdict {
  readonly records: number
  readonly chains: number
  /** Chains without an end: of processes that run, or were killed, or whose last records were cut off. */
  readonly open: number
  /** Records that there was no room for, as the file says itself. */
  readonly lost: number
  /** Beginnings of records without their end: of a process that was killed, or a disk that was full. A record that is missing for one, its chain tells. */
  readonly torn: number
  /** Hash of the last record; null: there is none. */
  readonly last: string | null
  readonly faults: readonly ChainFault[]
}

interface ChainRecord {
  readonly chain: string
  readonly seq: number
  readonly prev: string
  readonly event: string
  readonly after?: unknown
  readonly lost?: number
}

interface Seen {
  hash: string
  next: number
  ended: boolean
}

/** Records that are remembered for chains that were begun after them; others may have written as many meanwhile. */
const REMEMBERED = 500_000

/**
 * Looks whether all records are there and as they were written.
 *
 * @param secret of the chain; null: it has none
 * @param known hash of a record that was there at an earlier look, and has to be still; null: none is known
 */
export async function verifyChains (lines: AsyncIterable<string>, secret: string | null, known: string | null = null): Promise<ChainVerdict> {
  const chains = new Map<string, Seen>()
  const faults: ChainFault[] = []
  const recent = new Recent()
  let line = 0
  let records = 0
  let lost = 0
  let torn = 0
  let last: string | null = null
  let found = known === null

  function take (text: string): void {
    const [, start, hash] = HASH.exec(text) ?? []
    if (hash === undefined && (text.startsWith(BEGIN) || BEGIN.startsWith(text))) {
      torn++
      return
    }
    records++
    const fault = (message: string): void => { faults.push({ line, message }) }
    const record = start === undefined ? null : parse(`${start}}`)
    if (record === null || hash === undefined) {
      fault('is no record')
      return
    }
    const { chain, seq, prev, event, after } = record
    if (digest(`${start}}`, secret) !== hash) fault('was changed, or was written with another secret')
    const seen = chains.get(chain)
    if (seen === undefined) {
      if (seq !== 0 || prev !== NONE) fault(`chain ${chain} has lost its beginning`)
      if (typeof after === 'string' && !recent.has(after)) fault('the records that its chain was begun after are gone')
    } else if (seen.ended) {
      fault(`chain ${chain} goes on after its end`)
    } else if (seq !== seen.next || prev !== seen.hash) {
      fault(seq > seen.next ? `${seq - seen.next} ${seq - seen.next === 1 ? 'record' : 'records'} of chain ${chain} before it are gone` : `does not follow the record before it in chain ${chain}`)
    }
    chains.set(chain, { hash, next: seq + 1, ended: event === 'end' })
    recent.add(hash)
    last = hash
    found ||= hash === known
    lost += record.lost ?? 0
  }

  for await (const text of lines) {
    line++
    if (text === '') continue
    // another process may have gone on where one was killed
    const at = Math.max(0, text.lastIndexOf(BEGIN))
    if (at > 0) take(text.slice(0, at))
    take(text.slice(at))
  }
  // the first line of a log is there before the first request: one that was emptied is not one in which nothing was changed
  if (records === 0) faults.push({ line: 1, message: 'there are no records, not even that of a start' })
  if (!found) faults.push({ line, message: `the record with the hash ${known} is gone` })
  return { records, chains: chains.size, open: [...chains.values()].filter(({ ended }) => !ended).length, lost, torn, last, faults }
}

/** The hashes that were seen last: a log of years has more than fit into a Set. */
class Recent {
  #young = new Set<string>()
  #old = new Set<string>()

  add (hash: string): void {
    if (this.#young.size >= REMEMBERED) {
      this.#old = this.#young
      this.#young = new Set()
    }
    this.#young.add(short(hash))
  }

  has (hash: string): boolean {
    return this.#young.has(short(hash)) || this.#old.has(short(hash))
  }
}

/** A copy: a piece of a line would keep the whole line. */
function short (hash: string): string {
  return Buffer.from(hash, 'hex').toString('base64')
}

function parse (text: string): ChainRecord | null {
  try {
    const record = JSON.parse(text) as Partial<ChainRecord>
    return typeof record.chain === 'string' && typeof record.seq === 'number' && typeof record.prev === 'string' && typeof record.event === 'string' ? record as ChainRecord : null
  } catch {
    return null
  }
}
