/**
 * Entries by the text that their path must start with: a compressed trie over UTF-16 code units.
 *
 * A literal has no segment boundary (`/foo` accepts `/foobar`), so each one that is a prefix of the path is in play. They
 * lie on one walk from the root, whose length is bounded by the longest literal of the file, never by their number.
 * Regexes stand at the literal text that they start with, so that a request meets few of them.
 */
import { makeEntrySet } from './entry-set.ts'
import type { Entry, EntrySet } from './entry-set.ts'

/** The sets of a node and of the nodes above it, longest literal first. */
export interface Chain {
  readonly set: EntrySet
  /** Smallest order in this set and those above. */
  readonly first: number
  readonly up: Chain | null
}

export interface TrieNode {
  /** What leads here from the parent; '' at the root. */
  label: string
  /** By the first code unit of their labels. */
  children: Map<number, TrieNode> | null
  /** null where neither this node nor one above has any. */
  literals: Chain | null
  regexes: Chain | null
}

interface Draft extends TrieNode {
  children: Map<number, Draft> | null
  entries: Entry[] | null
}

export interface TrieBuilder {
  /** @param entry of a higher order than all before */
  add (literal: string, entry: Entry): void
  /** Ends the building. */
  finish (): TrieNode
}

export function buildTrie (): TrieBuilder {
  const root = makeDraft('')
  return {
    add (literal, entry) {
      const node = insert(root, literal)
      if (node.entries === null) node.entries = [entry]
      else node.entries.push(entry)
    },
    finish () {
      finish(root)
      return root
    }
  }
}

/** The node of the longest text in the trie that `path` starts with. */
export function descend (root: TrieNode, path: string): TrieNode {
  let node = root
  for (let index = 0; ;) {
    const child = node.children?.get(path.charCodeAt(index))
    if (child === undefined || !path.startsWith(child.label, index)) return node
    index += child.label.length
    node = child
  }
}

function makeDraft (label: string): Draft {
  return { label, children: null, literals: null, regexes: null, entries: null }
}

function insert (root: Draft, literal: string): Draft {
  let node = root
  for (let index = 0; index < literal.length;) {
    const children: Map<number, Draft> = node.children ??= new Map()
    const child = children.get(literal.charCodeAt(index)) ?? makeDraft(literal.slice(index))
    const common = commonLength(child.label, literal, index)
    const next = common === child.label.length ? child : cut(child, common)
    children.set(literal.charCodeAt(index), next)
    index += common
    node = next
  }
  return node
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

/** Without recursion: a trie can be as deep as a path is long. */
function finish (root: Draft): void {
  const open = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const entries = node.entries ?? []
    node.literals = link(entries.filter(({ regex }) => regex === null), node.literals)
    node.regexes = link(entries.filter(({ regex }) => regex !== null), node.regexes)
    node.entries = null
    for (const child of node.children?.values() ?? []) {
      child.literals = node.literals
      child.regexes = node.regexes
      open.push(child)
    }
  }
}

function link (entries: readonly Entry[], up: Chain | null): Chain | null {
  if (entries.length === 0) return up
  const set = makeEntrySet(entries)
  return { set, first: Math.min(set.first, up?.first ?? Infinity), up }
}
