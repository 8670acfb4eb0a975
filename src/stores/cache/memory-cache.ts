import type { CacheRecord, CacheStore, CacheUsage, PurgeOrder } from './cache-store.ts'

export interface MemoryCacheOptions {
  /** Bytes of all records together, with what it takes to keep them. */
  readonly bytes: number
  /** Longest body. */
  readonly largest: number
  readonly now: () => number
}

/**
 * What an entry takes beside its texts and its body, on 64 bits: the record, the node, its places in two maps, a Buffer. As
 * measured; see test/stores/memory-cache.test.ts.
 */
const ENTRY = 850
/** A text beside its characters, its place in a list included. */
const TEXT = 32
const WIDE = /[^\x00-\xff]/ // eslint-disable-line no-control-regex
/** A tag's place in the index. */
const TAG = 200

class Node {
  readonly uri: string
  readonly key: string
  readonly record: CacheRecord
  readonly size: number
  /** Asked for since the hand came by. */
  visited = false
  newer: Node | null = null
  older: Node | null = null
  /** Others of the same URI. */
  before: Node | null = null
  after: Node | null = null

  constructor (uri: string, key: string, record: CacheRecord, size: number) {
    this.uri = uri
    this.key = key
    this.record = record
    this.size = size
  }
}

/**
 * Answers in memory, within a number of bytes that is never exceeded: who makes room is found by SIEVE (Zhang et al., NSDI
 * 2024), which keeps more of what is asked for again than least recently used does, and writes one bit where that moves
 * an entry. A flood of addresses that nobody asks for twice pushes itself out.
 */
export class MemoryCache implements CacheStore {
  readonly #now: () => number
  readonly #nodes = new Map<string, Node>()
  readonly #uris = new Map<string, Node>()
  readonly #tags = new Map<string, Set<Node>>()
  #newest: Node | null = null
  #oldest: Node | null = null
  #hand: Node | null = null
  #most: number
  #largest: number
  #bytes = 0

  constructor ({ bytes, largest, now }: MemoryCacheOptions) {
    this.#most = bytes
    this.#largest = largest
    this.#now = now
  }

  get usage (): CacheUsage {
    return { entries: this.#nodes.size, bytes: this.#bytes }
  }

  get largest (): number {
    return Math.min(this.#largest, this.#most)
  }

  /** Takes over the bounds of a reload. */
  limitTo (bytes: number, largest: number): void {
    this.#most = bytes
    this.#largest = largest
    this.#makeRoom(0)
  }

  get (uri: string, rest: string): CacheRecord | undefined {
    const node = this.#nodes.get(`${uri}\n${rest}`)
    if (node === undefined) return undefined
    if (node.record.expiresAt <= this.#now()) {
      this.#remove(node)
      return undefined
    }
    node.visited = true
    return node.record
  }

  set (uri: string, rest: string, record: CacheRecord): void {
    const key = `${uri}\n${rest}`
    const before = this.#nodes.get(key)
    if (before !== undefined) this.#remove(before)
    const size = sizeOf(key, uri, record)
    if (size > this.#most) return
    this.#makeRoom(size)
    const node = new Node(uri, key, record, size)
    // what was asked for is as welcome in its new version
    node.visited = before?.visited ?? false
    this.#add(node)
  }

  delete (uri: string, rest: string): void {
    const node = this.#nodes.get(`${uri}\n${rest}`)
    if (node !== undefined) this.#remove(node)
  }

  invalidate (uri: string): void {
    this.#removeUri(uri)
  }

  purge ({ key, url, prefix, tag, all }: PurgeOrder): number {
    const before = this.#answers
    if (url !== undefined) this.#removeUri(url)
    for (const node of tag === undefined ? [] : [...this.#tags.get(tag) ?? []]) this.#remove(node)
    if (prefix !== undefined || all === true) {
      for (const uri of [...this.#uris.keys()]) if (prefix === undefined || uri.startsWith(prefix)) this.#removeUri(uri)
    }
    if (key !== undefined) {
      for (const node of this.#nodes.values()) if (node.record.variesBy === null && node.record.id === key) this.#remove(node)
    }
    return before - this.#answers
  }

  #answers = 0

  #removeUri (uri: string): void {
    for (let node = this.#uris.get(uri) ?? null; node !== null;) {
      const { after } = node
      this.#remove(node)
      node = after
    }
  }

  #makeRoom (size: number): void {
    while (this.#bytes + size > this.#most) {
      let node = this.#hand ?? this.#oldest
      if (node === null) return
      while (node.visited) {
        node.visited = false
        node = node.newer ?? this.#oldest as Node
      }
      this.#hand = node.newer
      this.#remove(node)
    }
  }

  #add (node: Node): void {
    this.#nodes.set(node.key, node)
    const first = this.#uris.get(node.uri)
    if (first !== undefined) {
      node.after = first
      first.before = node
    }
    this.#uris.set(node.uri, node)
    node.older = this.#newest
    if (this.#newest === null) this.#oldest = node
    else this.#newest.newer = node
    this.#newest = node
    this.#bytes += node.size
    if (node.record.variesBy !== null) return
    this.#answers++
    for (const tag of node.record.tags) {
      const tagged = this.#tags.get(tag)
      if (tagged === undefined) this.#tags.set(tag, new Set([node]))
      else tagged.add(node)
    }
  }

  #remove (node: Node): void {
    this.#nodes.delete(node.key)
    if (node.before !== null) node.before.after = node.after
    else if (node.after !== null) this.#uris.set(node.uri, node.after)
    else this.#uris.delete(node.uri)
    if (node.after !== null) node.after.before = node.before
    if (this.#hand === node) this.#hand = node.newer
    if (node.newer === null) this.#newest = node.older
    else node.newer.older = node.older
    if (node.older === null) this.#oldest = node.newer
    else node.older.newer = node.newer
    this.#bytes -= node.size
    if (node.record.variesBy !== null) return
    this.#answers--
    for (const tag of node.record.tags) {
      const tagged = this.#tags.get(tag) as Set<Node>
      tagged.delete(node)
      if (tagged.size === 0) this.#tags.delete(tag)
    }
  }
}

/** Bytes that a record takes with its key: the URI is kept beside the key that begins with it. */
function sizeOf (key: string, uri: string, record: CacheRecord): number {
  // one character beyond Latin-1 makes the whole text one of two bytes a character
  let size = ENTRY + (key.length + uri.length) * (WIDE.test(key) ? 2 : 1)
  if (record.variesBy !== null) {
    for (const name of record.variesBy) size += TEXT + name.length
    return size
  }
  size += record.body.length + record.id.length
  for (const text of record.fields) size += TEXT + text.length
  for (const tag of record.tags) size += TAG + tag.length
  return size
}
