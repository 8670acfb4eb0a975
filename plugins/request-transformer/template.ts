import { escapePath, escapeRest, toBytes } from '../../src/plugin.ts'
import type { Source } from './source.ts'

/**
 * Templates: text with `$(…)` in it, compiled at load.
 *
 * Values are *binary strings*, one character a byte, as Node gives header fields: so a value that is copied from one
 * place to another keeps its bytes whatever its encoding, and each destination escapes bytes in its own way.
 */
export interface Template {
  /** Literal text or a look-up, in order. */
  readonly parts: ReadonlyArray<string | Lookup>
  /** Whether a part reads header fields: those must then be kept as they came. */
  readonly readsHeaders: boolean
}

interface Lookup {
  /** Undefined where the request has no such value. */
  readonly read: (source: Source) => string | undefined
  /** Escapes what `read` gave for a path. */
  readonly readPath: (source: Source) => string | undefined
  readonly readsHeaders: boolean
}

/** Why a template can't be read. */
export class TemplateError extends Error {
  readonly mend: string

  constructor (message: string, mend: string) {
    super(message)
    this.mend = mend
  }
}

const KNOWN = "Use `headers.name`, `headers['x-name']`, `query_params.name`, `uri_captures[1]`, `uri_captures.name`, `uuid`, `request_id` or a quoted text, joined with `or`."

/**
 * Compiles a template.
 *
 * @throws TemplateError when something in `$(…)` isn't understood
 */
export function parseTemplate (text: string): Template {
  const parts: Array<string | Lookup> = []
  let from = 0
  for (;;) {
    const open = text.indexOf('$(', from)
    if (open !== from) {
      const literal = text.slice(from, open === -1 ? text.length : open)
      if (literal !== '') parts.push(toBytes(literal))
    }
    if (open === -1) break
    const expression = new Expression(text, open + 2)
    parts.push(expression.parse())
    from = expression.end
  }
  return { parts, readsHeaders: parts.some(part => typeof part !== 'string' && part.readsHeaders) }
}

/** The whole value, as a binary string; what the request doesn't have is empty. */
export function renderTemplate (template: Template, source: Source): string {
  let value = ''
  for (const part of template.parts) value += typeof part === 'string' ? part : part.read(source) ?? ''
  return value
}

/** The same for a path: what may not stand in one is escaped, triplets that came from a path or a field stay. */
export function renderPath (template: Template, source: Source): string {
  let path = ''
  for (const part of template.parts) path += typeof part === 'string' ? escapeRest(part) : part.readPath(source) ?? ''
  return path
}

function lookup (read: Lookup['read'], escape: (value: string) => string, readsHeaders = false): Lookup {
  return {
    read,
    readPath (source) {
      const value = read(source)
      return value === undefined ? undefined : escape(value)
    },
    readsHeaders
  }
}

/** How each kind of value is looked up. `key` is as written; `dotted` says that it was written after a dot. */
const ROOTS: Readonly<Record<string, (key: string, dotted: boolean) => Lookup>> = {
  headers (key, dotted) {
    const name = key.toLowerCase()
    // a dotted name can't hold a dash, so that `_` stands for it where there is no such field
    const dashed = dotted ? name.replaceAll('_', '-') : name
    return dashed === name
      ? lookup(source => source.header(name), escapeRest, true)
      : lookup(source => source.header(name) ?? source.header(dashed), escapeRest, true)
  },
  query_params (key) {
    const name = toBytes(key)
    // decoded: a `%` in it stands for itself
    return lookup(source => source.argument(name), escapePath)
  },
  uri_captures (key) {
    return lookup(source => source.capture(key), escapeRest)
  }
}

const NAMES: Readonly<Record<string, Lookup>> = {
  uuid: lookup(source => source.uuid(), escapePath),
  request_id: lookup(source => source.requestId, escapePath)
}

/** One `$(…)`: `term or term or …`. */
class Expression {
  readonly #text: string
  #position: number

  constructor (text: string, start: number) {
    this.#text = text
    this.#position = start
  }

  /** Index after the closing parenthesis. */
  get end (): number {
    return this.#position
  }

  parse (): Lookup {
    const terms = [this.#term()]
    while (this.#take(/\s+or(?=[\s'"])/y) !== null) terms.push(this.#term())
    this.#take(/\s*/y)
    if (this.#take(/\)/y) === null) this.#fail()
    return terms.length === 1 ? terms[0] as Lookup : firstOf(terms)
  }

  #term (): Lookup {
    this.#take(/\s*/y)
    const literal = this.#string()
    if (literal !== null) {
      const value = toBytes(literal)
      return lookup(() => value, escapeRest)
    }
    const name = this.#take(/[A-Za-z_]\w*/y)
    if (name === null) this.#fail()
    if (Object.hasOwn(NAMES, name)) return NAMES[name] as Lookup
    const root = Object.hasOwn(ROOTS, name) ? ROOTS[name] : undefined
    if (root === undefined) this.#fail(`\`${name}\` is nothing that a template knows`)
    const dotted = this.#take(/\.[A-Za-z_]\w*/y)
    if (dotted !== null) {
      const rest = this.#take(/-[\w-]*/y)
      if (rest !== null) this.#fail(`a name with a dash can't follow the dot in \`${name}${dotted}${rest}\``, `Write it in brackets: \`${name}['${dotted.slice(1)}${rest}']\`.`)
      return root(dotted.slice(1), true)
    }
    return root(this.#bracket(name), false)
  }

  #bracket (root: string): string {
    if (this.#take(/\[\s*/y) === null) this.#fail(`\`${root}\` is a set of values, and none is named`, `Write \`${root}.name\` or \`${root}['name']\`.`)
    const key = this.#string() ?? (root === 'uri_captures' ? this.#take(/\d+/y) : null)
    if (key === null || this.#take(/\s*\]/y) === null) this.#fail()
    return key
  }

  /** A quoted text; a backslash takes the next character as it is. */
  #string (): string | null {
    const quoted = this.#take(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y)
    return quoted === null ? null : quoted.slice(1, -1).replace(/\\(.)/g, '$1')
  }

  #take (pattern: RegExp): string | null {
    pattern.lastIndex = this.#position
    const match = pattern.exec(this.#text)
    if (match === null) return null
    this.#position += match[0].length
    return match[0]
  }

  #fail (message?: string, mend: string = KNOWN): never {
    const rest = this.#text.slice(this.#position, this.#position + 20)
    throw new TemplateError(message ?? (rest === '' ? 'a `$(` of the template is never closed' : `the template can't be read from \`${rest}\` on`), mend)
  }
}

/** Value of the first term that the request has; an empty one counts, as in Kong. */
function firstOf (terms: readonly Lookup[]): Lookup {
  return {
    read: firstDefined(terms.map(term => term.read)),
    readPath: firstDefined(terms.map(term => term.readPath)),
    readsHeaders: terms.some(term => term.readsHeaders)
  }
}

function firstDefined (reads: ReadonlyArray<Lookup['read']>): Lookup['read'] {
  return function readFirst (source) {
    for (const read of reads) {
      const value = read(source)
      if (value !== undefined) return value
    }
    return undefined
  }
}
