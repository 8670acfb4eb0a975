import { createHash, createHmac, randomBytes } from 'node:crypto'
import { asciiJson } from '../observability/access-fields.ts'

/** What the first record of a chain has in place of the one before. */
const NONE = '0'.repeat(64)
const HASH = /^(.*),"hash":"([0-9a-f]{64})"\}$/

/** Hash of a record's text; with a secret, nobody else can make one. */
function digest (text: string, secret: string | null): string {
  return (secret === null ? createHash('sha256') : createHmac('sha256', secret)).update(text).digest('hex')
}

/**
 * Records of which each holds the hash of the one before. Several processes may write to one file: each has a chain of its own, which
 * begins with the hash of the line that it found last, so that chains hold each other.
 */
export class HashChain {
  readonly #id = randomBytes(8).toString('hex')
  readonly #secret: string | null
  readonly #write: (line: string) => boolean
  #previous = NONE
  #sequence = 0
  #lost = 0

  /** @param write takes a line, or says that there is no room */
  constructor (secret: string | null, write: (line: string) => boolean) {
    this.#secret = secret
    this.#write = write
  }

  /** Records that there was no room for since the last one. */
  get lost (): number {
    return this.#lost
  }

  /** The next record. Where there is no room it is left out, and the one after it says how many were. */
  add (event: string, content: Readonly<Record<string, unknown>>): void {
    const text = asciiJson({ chain: this.#id, seq: this.#sequence, prev: this.#previous, ...this.#lost === 0 ? {} : { lost: this.#lost }, event, ...content })
    const hash = digest(text, this.#secret)
    if (!this.#write(`${text.slice(0, -1)},"hash":"${hash}"}\n`)) {
      this.#lost++
      return
    }
    this.#previous = hash
    this.#sequence++
    this.#lost = 0
  }
}

/** Hash of the last whole record in a text; null: there is none. */
export function lastHash (text: string): string | null {
  for (const line of text.split('\n').reverse()) {
    const hash = HASH.exec(line)?.[2]
    if (hash !== undefined) return hash
  }
  return null
}

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
  readonly faults: readonly ChainFault[]
}

interface Seen {
  hash: string
  next: number
  ended: boolean
}

/** Looks whether all records are there and as they were written. @param secret of the chain; null: it has none */
export async function verifyChains (lines: AsyncIterable<string>, secret: string | null): Promise<ChainVerdict> {
  const chains = new Map<string, Seen>()
  const faults: ChainFault[] = []
  const hashes = new Set<string>()
  let line = 0
  let records = 0
  let lost = 0
  for await (const text of lines) {
    line++
    if (text === '') continue
    records++
    const fault = (message: string): void => { faults.push({ line, message }) }
    const [, start, hash] = HASH.exec(text) ?? []
    const record = start === undefined ? null : parse(`${start}}`)
    if (record === null || hash === undefined) {
      fault('is no record')
      continue
    }
    const { chain, seq, prev, event, after } = record
    if (digest(`${start}}`, secret) !== hash) fault('was changed, or was written with another secret')
    const seen = chains.get(chain)
    if (seen === undefined) {
      if (seq !== 0 || prev !== NONE) fault(`chain ${chain} has lost its beginning`)
      if (typeof after === 'string' && !hashes.has(after)) fault('the records that its chain was begun after are gone')
    } else if (seen.ended) {
      fault(`chain ${chain} goes on after its end`)
    } else if (seq !== seen.next || prev !== seen.hash) {
      fault(seq > seen.next ? `${seq - seen.next} ${seq - seen.next === 1 ? 'record' : 'records'} of chain ${chain} before it are gone` : `does not follow the record before it in chain ${chain}`)
    }
    chains.set(chain, { hash, next: seq + 1, ended: event === 'end' })
    hashes.add(hash)
    lost += record.lost ?? 0
  }
  // the first line of a log is there before the first request: one that was emptied is not one in which nothing was changed
  if (records === 0) faults.push({ line: 1, message: 'there are no records, not even that of a start' })
  return { records, chains: chains.size, open: [...chains.values()].filter(({ ended }) => !ended).length, lost, faults }
}

interface ChainRecord {
  readonly chain: string
  readonly seq: number
  readonly prev: string
  readonly event: string
  readonly after?: unknown
  readonly lost?: number
}

function parse (text: string): ChainRecord | null {
  try {
    const record = JSON.parse(text) as Partial<ChainRecord>
    return typeof record.chain === 'string' && typeof record.seq === 'number' && typeof record.prev === 'string' && typeof record.event === 'string' ? record as ChainRecord : null
  } catch {
    return null
  }
}
