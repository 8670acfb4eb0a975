import { COLLECTION_STYLE, EVENT_ID, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml'
import type { AliasEvent, MappingEvent, ScalarEvent, SequenceEvent } from 'js-yaml'
import { Anchors, type Anchor } from './anchors.ts'
import { behindBracket, behindDash, scalarExtent } from './extents.ts'
import type { Extent } from './extents.ts'
import { Merger } from './merge.ts'
import type { Merge } from './merge.ts'
import { content } from './nodes.ts'
import type { ContentNode, MappingNode, ScalarNode, SequenceNode, YamlNode } from './nodes.ts'
import { join } from '../pointer.ts'
import type { Pointer } from '../model.ts'
import type { Candidate, Parsed, Problem } from './parsed.ts'
import { tagged, typed } from './scalars.ts'
import { syntaxProblem } from './syntax.ts'

interface Frame {
  readonly node: MappingNode | SequenceNode
  readonly anchor: Anchor | undefined
  readonly merges: Merge[]
  key: { readonly text: string, readonly start: number, readonly end: number, readonly merge: boolean, readonly known: boolean } | null
}

/**
 * Parses YAML 1.2 (core schema, merge keys) into values with places.
 *
 * Stops at the first thing that is no YAML; goes on after everything else, so that one run shows all mistakes.
 */
export function parseYaml (text: string): Parsed {
  try {
    return new Composer(text).compose()
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    return { root: null, problems: [syntaxProblem(text, error)], candidates: [] }
  }
}

class Composer {
  readonly #text: string
  readonly #problems: Problem[] = []
  readonly #candidates: Candidate[] = []
  readonly #frames: Frame[] = []
  readonly #anchors = new Anchors()
  #root: YamlNode | null = null
  /** End of the last token seen: where an absent value stands, and where a collection ends. */
  #last = 0
  readonly #merger = new Merger(problem => this.#problems.push(problem))

  constructor (text: string) {
    this.#text = text
  }

  compose (): Parsed {
    let documents = 0
    for (const event of parseEvents(this.#text, {})) {
      switch (event.type) {
        case EVENT_ID.DOCUMENT:
          if (++documents === 2) return this.#secondDocument()
          break
        case EVENT_ID.SCALAR:
          this.#scalar(event)
          break
        case EVENT_ID.SEQUENCE:
        case EVENT_ID.MAPPING:
          this.#open(event)
          break
        case EVENT_ID.ALIAS:
          this.#alias(event)
          break
        case EVENT_ID.POP:
          this.#close()
      }
    }
    return this.#result()
  }

  #result (): Parsed {
    return { root: this.#root, problems: this.#problems, candidates: this.#candidates }
  }

  #secondDocument (): Parsed {
    const marker = /^---/gm
    marker.lastIndex = this.#last
    const start = marker.exec(this.#text)?.index ?? this.#last
    this.#problem('one-document', start, start + 3, 'the file holds more than one YAML document', 'Keep one document: remove this `---` and what follows it, or put it into a file of its own.')
    return this.#result()
  }

  #scalar (event: ScalarEvent): void {
    const text = getScalarValue(this.#text, event)
    const plain = event.style === SCALAR_STYLE.PLAIN
    const node: ScalarNode = { kind: 'scalar', ...this.#extent(event), text, value: text, plain, verbatim: -1 }
    if (event.valueStart !== -1 && event.valueEnd - event.valueStart === text.length && this.#text.startsWith(text, event.valueStart)) {
      node.verbatim = event.valueStart
    }
    if (event.tagStart !== -1) {
      const value = tagged(text, this.#text.slice(event.tagStart, event.tagEnd))
      if (value === undefined) this.#unknownTag(event, node)
      else node.value = value
      node.plain = false
    } else if (plain) {
      node.value = typed(text)
    }
    if (typeof node.value === 'number' && !Number.isFinite(node.value)) {
      node.broken = true
      this.#problem('out-of-range', node.start, node.end, 'this is no finite number', 'Write a finite number; a text needs quotes.')
    }
    this.#last = Math.max(this.#last, node.end)
    this.#remember(event, node, false)
    this.#place(node)
  }

  /** Of a scalar; one without text stands behind what was read last. */
  #extent (event: ScalarEvent): Extent {
    const inSequence = this.#frames.at(-1)?.node.kind === 'sequence'
    return scalarExtent(this.#text, event, inSequence ? behindDash(this.#text, this.#last) : this.#last)
  }

  #open (event: SequenceEvent | MappingEvent): void {
    const flow = event.style === COLLECTION_STYLE.FLOW
    const node: MappingNode | SequenceNode = event.type === EVENT_ID.SEQUENCE
      ? { kind: 'sequence', start: event.start, end: event.start, flow, items: [] }
      : { kind: 'mapping', start: event.start, end: event.start, flow, entries: new Map() }
    if (event.tagStart !== -1) {
      const tag = this.#text.slice(event.tagStart, event.tagEnd)
      if (tag !== '!' && tag !== (node.kind === 'sequence' ? '!!seq' : '!!map')) this.#unknownTag(event, node)
    }
    this.#last = Math.max(this.#last, event.start)
    this.#frames.push({ node, anchor: this.#remember(event, node, true), merges: [], key: null })
  }

  #alias (event: AliasEvent): void {
    const name = this.#text.slice(event.anchorStart, event.anchorEnd)
    const start = event.anchorStart - 1
    const end = event.anchorEnd
    this.#last = Math.max(this.#last, end)
    const target = this.#anchors.resolve(name)
    if (target.node !== null) {
      this.#place({ kind: 'alias', start, end, name, target: target.node })
      return
    }
    this.#problem('unknown-alias', start, end, target.cause, target.mend)
    this.#place({ kind: 'scalar', start, end, value: null, text: '', plain: true, verbatim: -1, broken: true })
  }

  #close (): void {
    const frame = this.#frames.pop()
    // the document itself
    if (frame === undefined) return
    const { node } = frame
    node.end = Math.max(node.flow ? behindBracket(this.#text, Math.max(this.#last, node.start + 1)) : this.#last, node.start)
    this.#last = Math.max(this.#last, node.end)
    if (frame.anchor !== undefined) frame.anchor.open = false
    if (node.kind === 'mapping') {
      for (const merge of frame.merges) this.#merger.merge(node, merge, this.#pointer())
      this.#lookForReference(node)
    }
    this.#place(node)
  }

  /** Puts a finished node where its parent wants it: as key, as value, as item or as the whole. */
  #place (node: YamlNode): void {
    const frame = this.#frames.at(-1)
    if (frame === undefined) {
      this.#root = node
      this.#lookForReference(node)
    } else if (frame.node.kind === 'sequence') {
      // the place of an item is told by how many stand before it
      this.#lookForReference(node)
      frame.node.items.push(node)
    } else if (frame.key === null) {
      frame.key = this.#key(frame.node, node)
    } else {
      const { key } = frame
      if (key.merge) frame.merges.push({ node, start: key.start, end: key.end })
      else if (key.known) frame.node.entries.set(key.text, { keyStart: key.start, keyEnd: key.end, node })
      this.#lookForReference(node)
      frame.key = null
    }
  }

  #key (mapping: MappingNode, node: YamlNode): NonNullable<Frame['key']> {
    const { start, end } = node
    const scalar = content(node)
    if (scalar.kind !== 'scalar') {
      this.#problem('bad-key', start, end, 'a key must be plain text', 'Write a name as key.')
      return { text: '', start, end, merge: false, known: false }
    }
    const { text } = scalar
    if (text === '<<' && scalar.plain && node.kind === 'scalar') {
      const first = this.#frames.at(-1)?.merges[0]
      if (first !== undefined) this.#duplicate('<<', first.start, first.end, node, 'Merge several maps with one key: `<<: [*first, *second]`.')
      return { text, start, end, merge: true, known: true }
    }
    if (text === '__proto__') {
      this.#problem('bad-key', start, end, 'the key \'__proto__\' is not accepted', 'Choose another name.')
      return { text, start, end, merge: false, known: false }
    }
    if (text.includes('${{') || text.startsWith('{vault:')) this.#candidates.push({ node: scalar, pointer: this.#pointer(), part: 'key' })
    const first = mapping.entries.get(text)
    if (first !== undefined) this.#duplicate(text, first.keyStart, first.keyEnd, node, 'Keep one of the two, with what stands below both.')
    return { text, start, end, merge: false, known: first === undefined }
  }

  #duplicate (text: string, start: number, end: number, node: YamlNode, mend: string): void {
    this.#problem('duplicate-key', node.start, node.end, `the key '${text}' stands here for the second time`, mend, [
      { start, end, message: 'the first time' }
    ])
  }

  #lookForReference (node: YamlNode): void {
    if (node.kind === 'scalar') {
      if (isCandidate(node.text)) this.#candidates.push({ node, pointer: this.#pointer(), part: 'value' })
    } else if (node.kind === 'mapping' && node.flow && node.entries.size === 1) {
      const [key] = node.entries.keys()
      if (key?.startsWith('vault:') === true) this.#candidates.push({ node, pointer: this.#pointer(), part: 'value' })
    }
  }

  #remember (event: ScalarEvent | SequenceEvent | MappingEvent, node: ContentNode, open: boolean): Anchor | undefined {
    if (event.anchorStart === -1) return undefined
    return this.#anchors.add(this.#text.slice(event.anchorStart, event.anchorEnd), node, open)
  }

  #unknownTag (event: { tagStart: number, tagEnd: number }, node: ContentNode): void {
    node.broken = true
    this.#problem('unknown-tag', event.tagStart, event.tagEnd, `the tag '${this.#text.slice(event.tagStart, event.tagEnd)}' is not accepted here`, 'Remove the tag; in front of a text, quotes say the same.')
  }

  #problem (rule: string, start: number, end: number, cause: string, mend: string, related: Problem['related'] = []): void {
    this.#problems.push({ rule, start, end, pointer: this.#pointer(), cause, mend, related })
  }

  /** Of the value that is being read. */
  #pointer (): Pointer {
    let pointer = ''
    for (const { node, key } of this.#frames) {
      if (node.kind === 'sequence') pointer = join(pointer, node.items.length)
      else if (key !== null) pointer = join(pointer, key.text)
    }
    return pointer
  }
}

/** Cheap, for every scalar of the file; what it lets through is looked at closely. */
function isCandidate (text: string): boolean {
  return text.includes('{{') || text.includes('vault:') || text.includes('${')
}
