/**
 * Entries by the text that their path must start with: a compressed trie over UTF-16 code units.
 *
 * A literal has no segment boundary (`/foo` accepts `/foobar`), so each one that is a prefix of the path is in play. They
 * lie on one walk from the root, whose length is bounded by the longest literal of the file, never by their number.
 * Regexes stand at the literal text that they start with, so that a request meets few of them.
 *
 * The tries of all hosts lie in one Int32Array. As objects with a Map of children each, a match among 10,000 routes cost
 * three times as much: every step was a handful of cache misses.
 */
import { makeEntrySet } from './entry-set.ts'
import type { Entry, EntrySet } from './entry-set.ts'

/** All tries of a router. A node is a position in `table`, and so is a trie: that of its root. */
export interface PathTries {
  /**
   * A node: length of its label, its literals, its regexes, number of its children; then the children's first code units in
   * ascending order, their positions in the same order, and the label.
   */
  readonly table: Int32Array
  /** By the numbers in `table`: the sets of a node and, linked, of all above it; null where there are none. */
  readonly sets: readonly (EntrySet | null)[]
}

const LITERALS = 1
const REGEXES = 2
const CHILDREN = 3
const HEAD = 4

/** A node while the trie is built. */
export interface Draft {
  /** What leads here from the parent; '' at the root. */
  label: string
  /** By the first code unit of their labels. */
  children: Map<number, Draft> | null
  entries: Entry[]
}

export function makeDraft (label = ''): Draft {
  return { label, children: null, entries: [] }
}

/** @param entry of a higher order than all before it in this trie */
export function addEntry (root: Draft, literal: string, entry: Entry): void {
  let node = root
  for (let index = 0; index < literal.length;) {
    const code = literal.charCodeAt(index)
    const children: Map<number, Draft> = node.children ??= new Map()
    const child = children.get(code) ?? makeDraft(literal.slice(index))
    const common = commonLength(child.label, literal, index)
    const next = common === child.label.length ? child : cut(child, common)
    children.set(code, next)
    index += common
    node = next
  }
  node.entries.push(entry)
}

/** The position of the node for the longest text in the trie that `path` starts with. */
export function descend (table: Int32Array, root: number, path: string): number {
  let node = root
  for (let index = 0; index < path.length;) {
    const child = findChild(table, node, path.charCodeAt(index))
    if (child === -1) return node
    const length = at(table, child)
    const label = child + HEAD + 2 * at(table, child + CHILDREN)
    if (index + length > path.length) return node
    for (let offset = 1; offset < length; offset++) {
      if (path.charCodeAt(index + offset) !== at(table, label + offset)) return node
    }
    index += length
    node = child
  }
  return node
}

export function literalsAt ({ table, sets }: PathTries, node: number): EntrySet | null {
  return sets[at(table, node + LITERALS)] ?? null
}

export function regexesAt ({ table, sets }: PathTries, node: number): EntrySet | null {
  return sets[at(table, node + REGEXES)] ?? null
}

/** Puts tries into one table. */
export class TrieWriter {
  #table: number[] = []
  #sets: (EntrySet | null)[] = [null]

  /** @returns the position of the root */
  write (root: Draft): number {
    const start = this.#table.length
    // without recursion: a trie can be as deep as a path is long
    const open = [{ draft: root, literals: 0, regexes: 0, slot: -1 }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { draft, slot } = next
      const position = this.#table.length
      const literals = this.#link(draft.entries.filter(({ regex }) => regex === null), next.literals)
      const regexes = this.#link(draft.entries.filter(({ regex }) => regex !== null), next.regexes)
      const children = [...draft.children ?? []].sort(([a], [b]) => a - b)
      this.#table.push(draft.label.length, literals, regexes, children.length)
      for (const [code] of children) this.#table.push(code)
      for (const [, child] of children) {
        open.push({ draft: child, literals, regexes, slot: this.#table.length })
        this.#table.push(0)
      }
      for (let index = 0; index < draft.label.length; index++) this.#table.push(draft.label.charCodeAt(index))
      if (slot !== -1) this.#table[slot] = position
    }
    return start
  }

  finish (): PathTries {
    return { table: Int32Array.from(this.#table), sets: this.#sets }
  }

  #link (entries: readonly Entry[], up: number): number {
    if (entries.length === 0) return up
    return this.#sets.push(makeEntrySet(entries, this.#sets[up] ?? null)) - 1
  }
}

/** Position of the child whose label starts with `code`, or -1. */
function findChild (table: Int32Array, node: number, code: number): number {
  const count = at(table, node + CHILDREN)
  const first = node + HEAD
  if (count === 1) return at(table, first) === code ? at(table, first + 1) : -1
  let low = 0
  let high = count
  while (low < high) {
    const middle = low + high >> 1
    const found = at(table, first + middle)
    if (found === code) return at(table, first + count + middle)
    if (found < code) low = middle + 1
    else high = middle
  }
  return -1
}

/** Every position that is read was written: no check for undefined on the hot path. */
function at (table: Int32Array, position: number): number {
  return table[position] as number
}

/** Puts a node between `child` and its parent, at `length` units of the label. */
function cut (child: Draft, length: number): Draft {
  const upper = makeDraft(child.label.slice(0, length))
  child.label = child.label.slice(length)
  upper.children = new Map([[child.label.charCodeAt(0), child]])
  return upper
}

function commonLength (label: string, literal: string, start: number): number {
  let length = 1
  while (length < label.length && label.charCodeAt(length) === literal.charCodeAt(start + length)) length++
  return length
}
