import type { Range, RelatedPlace } from './diagnostics.ts'
import { Lines } from './yaml/lines.ts'
import { content } from './yaml/nodes.ts'
import type { MappingEntry, YamlNode } from './yaml/nodes.ts'
import { createValueCutter, SHORTEST_SECRET } from './cut-values.ts'
import { split } from './pointer.ts'
import type { Pointer } from './model.ts'
import { toValue } from './yaml/values.ts'

/** Keys whose value names an object in messages, best first. */
const NAMES = ['name', 'username', 'custom_id', 'instance_name']

interface Step {
  readonly node: YamlNode
  /** Missing for items and for the whole. */
  readonly entry: MappingEntry | undefined
}

/** The text of a file, its values, and where each of them stands. */
export class Source {
  /** As it was named to the loader. */
  readonly file: string
  readonly text: string
  /** Values with their offsets; null where the text could not be parsed or is empty. */
  readonly root: YamlNode | null
  readonly lines: Lines
  readonly #secrets = new Set<Pointer>()
  readonly #meant = new Set<Pointer>()
  readonly #secretTexts = new Set<string>()
  #cut: ((text: string) => string) | null = null
  #value: unknown

  constructor (file: string, text: string, root: YamlNode | null) {
    this.file = file
    this.text = text
    this.root = root
    this.lines = new Lines(text)
  }

  /** The whole file as plain values: aliases and merge keys expanded, references resolved, defaults not filled in. */
  get value (): unknown {
    this.#value ??= this.root === null ? null : toValue(this.root)
    return this.#value
  }

  /** Whether the file says anything there, in whatever way: written, merged in, or by an alias. */
  has (pointer: Pointer): boolean {
    const tokens = split(pointer)
    return this.root !== null && this.#walk(tokens).length === tokens.length + 1
  }

  /**
   * Where a value or its key stands. A value that came through an alias or a merge key is located where its text is;
   * one that isn't in the file at the nearest thing around it.
   */
  locate (pointer: Pointer, part: 'key' | 'value' = 'value'): Range {
    const tokens = split(pointer)
    const steps = this.#walk(tokens)
    const step = steps.at(-1)
    if (step === undefined) return this.lines.range(0, 0)
    if (part === 'key' && step.entry !== undefined && steps.length === tokens.length + 1) {
      return this.lines.range(step.entry.keyStart, step.entry.keyEnd)
    }
    const { start, end } = content(step.node)
    // an absent value (`key:`) has no text of its own: show the key
    if (start === end && step.entry !== undefined) return this.lines.range(step.entry.keyStart, step.entry.keyEnd)
    return this.lines.range(start, end)
  }

  /** A part of a text, where the file has that text as it is; else the whole value. */
  locateWithin (pointer: Pointer, index: number, length: number): Range {
    const tokens = split(pointer)
    const steps = this.#walk(tokens)
    const last = steps.at(-1)
    const scalar = last === undefined || steps.length !== tokens.length + 1 ? undefined : content(last.node)
    if (scalar?.kind !== 'scalar' || scalar.verbatim === -1 || scalar.secret === true) return this.locate(pointer)
    return this.lines.range(scalar.verbatim + index, scalar.verbatim + index + length)
  }

  /** Aliases, merge keys and blocks of defaults on the way to a value, outermost first. */
  via (pointer: Pointer): RelatedPlace[] {
    const places: RelatedPlace[] = []
    for (const { node, entry } of this.#walk(split(pointer))) {
      if (entry?.via !== undefined) places.push({ range: this.lines.range(entry.via.start, entry.via.end), message: entry.via.what })
      if (node.kind === 'alias') places.push({ range: this.lines.range(node.start, node.end), message: `used here as '*${node.name}'` })
    }
    return places
  }

  /** Whether a value came from a reference, as a whole, in part, or as part of one. */
  isSecret (pointer: Pointer): boolean {
    if (this.#secrets.size > 0) {
      for (let end = pointer.length; end > 0; end = pointer.lastIndexOf('/', end - 1)) {
        if (this.#secrets.has(pointer.slice(0, end))) return true
      }
    }
    return this.#walk(split(pointer)).some(({ node }) => {
      const value = content(node)
      return value.kind === 'scalar' && value.secret === true
    })
  }

  /** For values that are computed from a secret, such as the host of a service whose `url` is one. */
  markSecret (pointer: Pointer): void {
    this.#secrets.add(pointer)
  }

  /** A scalar as it is written, quotes and escapes resolved; undefined for anything else, and for a secret. */
  textOf (pointer: Pointer): string | undefined {
    const tokens = split(pointer)
    const steps = this.#walk(tokens)
    const last = steps.at(-1)
    const scalar = last === undefined || steps.length !== tokens.length + 1 ? undefined : content(last.node)
    return scalar?.kind === 'scalar' && scalar.secret !== true ? scalar.text : undefined
  }

  /** What must not be printed wherever it turns up: a value from the environment. */
  addSecretText (text: string): void {
    if (text.length < SHORTEST_SECRET) return
    this.#secretTexts.add(text)
    this.#cut = null
  }

  /** The text without values from the environment. */
  redact (text: string): string {
    this.#cut ??= createValueCutter(this.#secretTexts, '***')
    return this.#cut(text)
  }

  /** That a key which was reported as unknown was meant to be this one: that it is missing needn't be said as well. */
  markMeant (pointer: Pointer): void {
    if (!this.has(pointer)) this.#meant.add(pointer)
  }

  /** Whether a value's own problem was reported already. */
  isBroken (pointer: Pointer): boolean {
    return this.#meant.has(pointer) || this.#walk(split(pointer)).some(({ node }) => node.broken === true || content(node).broken === true)
  }

  /** Whether a part of it, however deep, has a problem that was reported: what it comes to as a whole isn't known then. */
  holdsBroken (pointer: Pointer): boolean {
    const tokens = split(pointer)
    const steps = this.#walk(tokens)
    return steps.length === tokens.length + 1 && holdsBroken((steps.at(-1) as Step).node)
  }

  /** The object in words: `services[orders].routes[0].paths[1]`. */
  describe (pointer: Pointer): string {
    let words = ''
    let around: YamlNode | undefined = this.root ?? undefined
    for (const token of split(pointer)) {
      const parent: YamlNode | undefined = around
      around = parent === undefined ? undefined : child(parent, token)?.node
      if (parent !== undefined && content(parent).kind === 'sequence') words += `[${nameOf(around) ?? token}]`
      else words += words === '' ? token : `.${token}`
    }
    return words
  }

  /** The nodes on the way, as far as it exists: the whole first. */
  #walk (tokens: readonly string[]): Step[] {
    if (this.root === null) return []
    const steps: Step[] = [{ node: this.root, entry: undefined }]
    let node = this.root
    for (const token of tokens) {
      const step = child(node, token)
      if (step === undefined) break
      steps.push(step)
      node = step.node
    }
    return steps
  }
}

function child (node: YamlNode, token: string): Step | undefined {
  const parent = content(node)
  if (parent.kind === 'mapping') {
    const entry = parent.entries.get(token)
    return entry === undefined ? undefined : { node: entry.node, entry }
  }
  if (parent.kind !== 'sequence' || !/^\d+$/.test(token)) return undefined
  const item = parent.items[Number(token)]
  return item === undefined ? undefined : { node: item, entry: undefined }
}

function holdsBroken (node: YamlNode): boolean {
  if (node.broken === true) return true
  const value = content(node)
  if (value.broken === true) return true
  if (value.kind === 'sequence') return value.items.some(holdsBroken)
  if (value.kind === 'mapping') for (const entry of value.entries.values()) if (holdsBroken(entry.node)) return true
  return false
}

/** What a user calls an item of a list; never a secret. */
function nameOf (node: YamlNode | undefined): string | undefined {
  if (node === undefined) return undefined
  const mapping = content(node)
  if (mapping.kind !== 'mapping') return undefined
  for (const key of NAMES) {
    const entry = mapping.entries.get(key)
    const scalar = entry === undefined ? undefined : content(entry.node)
    if (scalar?.kind === 'scalar' && scalar.secret !== true && typeof scalar.value === 'string' && scalar.value !== '') return scalar.value
  }
  return undefined
}
