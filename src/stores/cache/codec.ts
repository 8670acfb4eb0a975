import type { CacheRecord, CachedAnswer } from './cache-store.ts'

/** What a record is found by when all are looked through. */
export interface RecordName {
  readonly uri: string
  /** Of an answer; null: it stands for variants. */
  readonly id: string | null
}

/** Of this form of records: what another version has written isn't read. */
const VERSION = 1
/** Version, length of the name, length of what is told about the body. */
const HEAD = 9

/** A record as bytes: its name and what is told about it as JSON, then the body as it is. */
export function encodeRecord (uri: string, record: CacheRecord): Buffer {
  const { body = Buffer.alloc(0), ...told } = record as Partial<CachedAnswer>
  const name: RecordName = { uri, id: record.variesBy === null ? record.id : null }
  const first = Buffer.from(JSON.stringify(name))
  const second = Buffer.from(JSON.stringify(told))
  const head = Buffer.alloc(HEAD)
  head.writeUInt8(VERSION)
  head.writeUInt32BE(first.length, 1)
  head.writeUInt32BE(second.length, 5)
  return Buffer.concat([head, first, second, body])
}

/** null: the bytes are no record, or one of another version. */
export function decodeRecord (bytes: Buffer): CacheRecord | null {
  const ends = endsOf(bytes)
  if (ends === null || ends.told > bytes.length) return null
  const told = parse(bytes, ends.name, ends.told) as CacheRecord | null
  if (told === null || told.variesBy !== null) return told
  return isWritable(told) ? { ...told, body: bytes.subarray(ends.told) } : null
}

/** Of the beginning of a record. */
export function decodeName (bytes: Buffer): RecordName | null {
  const ends = endsOf(bytes)
  return ends === null ? null : parse(bytes, HEAD, ends.name) as RecordName | null
}

const NAME = /^[\w!#$%&'*+.^`|~-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Fields go out as they are: what somebody else has put into the store must not be a head of its own. */
function isWritable ({ status, statusText, fields }: Omit<CachedAnswer, 'body'>): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 599 && VALUE.test(statusText) &&
    fields.every((text, place) => (place % 2 === 0 ? NAME : VALUE).test(text))
}

function endsOf (bytes: Buffer): { readonly name: number, readonly told: number } | null {
  if (bytes.length < HEAD || bytes[0] !== VERSION) return null
  const name = HEAD + bytes.readUInt32BE(1)
  return { name, told: name + bytes.readUInt32BE(5) }
}

function parse (bytes: Buffer, from: number, to: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', from, to))
  } catch {
    return null
  }
}
