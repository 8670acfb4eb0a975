/** What an import has made so far: entities of gateway.yaml, comments on them, and what has to be said about the source. */

/** An entity, or a part of one, as it will stand in the file. */
export type Item = Record<string, unknown>

/**
 * What became of a part of the source.
 *
 *   todo      translated, and a value has to be filled in; nobody passes until then
 *   changed   translated, and behaves differently
 *   closed    it protects and could not be translated: what it protected answers 503
 *   left_out  it is missing in the file
 */
export type FindingKind = 'todo' | 'changed' | 'closed' | 'left_out'

/** Where something stands in the source. */
export interface Place {
  readonly file: string
  /** From 1; null where the source doesn't tell. */
  readonly line: number | null
}

export interface Finding {
  readonly kind: FindingKind
  /** The part of the source in its own words: `plugins[ldap-auth]`, `location /admin`. */
  readonly what: string
  /** One sentence: what became of it, and why. */
  readonly message: string
  readonly place: Place
}

/** The lists of the file, in the order in which they are written. */
export interface Entities {
  readonly upstreams: Item[]
  readonly services: Item[]
  readonly routes: Item[]
  readonly consumers: Item[]
  readonly plugins: Item[]
}

/** Answers 503 in place of what could not be translated. */
const CLOSED_MESSAGE = 'Closed by the import: see the comment in gateway.yaml'

/** One import at work. */
export class Draft {
  /** The whole file; what an importer puts there beside the lists of `entities` stays. */
  readonly file: Item = { _format_version: '3.0' }
  readonly findings: Finding[] = []
  /** Texts that stood without quotes and mean something else in them: references of decK. */
  readonly plain = new Set<string>()
  readonly #comments = new WeakMap<object, Map<string, string[]>>()

  /** A list of the file, made when it is asked for. */
  list (name: string): Item[] {
    return listOf(this.file, name)
  }

  /**
   * Puts a comment above an item, or above one of its keys.
   *
   * @param key '' for the item itself
   */
  comment (item: object, text: string, key = ''): void {
    const comments = this.#comments.get(item) ?? new Map<string, string[]>()
    this.#comments.set(item, comments)
    const lines = comments.get(key) ?? []
    comments.set(key, lines)
    if (!lines.includes(text)) lines.push(text)
  }

  /** Comments of an item by key, '' for its own. */
  commentsOf (item: object): ReadonlyMap<string, readonly string[]> {
    return this.#comments.get(item) ?? new Map()
  }

  /** Says something about a part of the source: in the report, and as a comment where that part would stand. */
  tell (kind: FindingKind, what: string, message: string, place: Place, at?: object, key = ''): void {
    if (at !== undefined) this.comment(at, `${LABELS[kind]}: ${what}${placeWords(place)}: ${message}`, key)
    if (this.findings.some(known => known.kind === kind && known.what === what && known.message === message && known.place.line === place.line)) return
    this.findings.push({ kind, what, message, place })
  }

  /**
   * Has everything under an owner answered with 503, and says why. What it closes stays closed for more specific
   * entries, too: none of them may let requests through again.
   *
   * @param owner a service, a route, a consumer, or `file` for all
   */
  close (owner: Item, what: string, message: string, place: Place): void {
    const plugins = listOf(owner, 'plugins')
    const known = plugins.find(entry => entry['name'] === 'request-termination' && isClosing(entry))
    const entry = known ?? { name: 'request-termination', config: { status_code: 503, message: CLOSED_MESSAGE } }
    if (known === undefined) {
      // in the list of the whole file, those for somebody else stay: they count again once this one is replaced
      const open = plugins.findIndex(other => other['name'] === 'request-termination' && !['route', 'service', 'consumer', 'consumer_group'].some(field => other[field] != null))
      if (open !== -1) plugins.splice(open, 1)
      plugins.push(entry)
    }
    this.tell('closed', what, `${message} Requests are answered with 503 until this entry is replaced.`, place, entry)
  }

  /** Writes all comments of one item on another. */
  moveComments (from: object, to: object): void {
    for (const [key, lines] of this.commentsOf(from)) for (const line of lines) this.comment(to, line, key)
  }
}

/** Whether an entry was put there by {@link Draft.close}. */
export function isClosing (entry: Item): boolean {
  return (entry['config'] as Item | undefined)?.['message'] === CLOSED_MESSAGE
}

const LABELS: Readonly<Record<FindingKind, string>> = { todo: 'TO DO', changed: 'CHANGED', closed: 'CLOSED', left_out: 'LEFT OUT' }

function placeWords ({ file, line }: Place): string {
  return line === null ? '' : ` (${file}:${line})`
}

export function listOf (owner: Item, name: string): Item[] {
  const list = owner[name]
  if (Array.isArray(list)) return list as Item[]
  const made: Item[] = []
  owner[name] = made
  return made
}

/** Gives each wanted name once: the second `users` is `users-2`. */
export class Names {
  readonly #taken = new Set<string>()

  /** A name that Kong accepts, made from any text. */
  take (wanted: string, otherwise = 'unnamed'): string {
    const base = slug(wanted) || otherwise
    let name = base
    for (let number = 2; this.#taken.has(name); number++) name = `${base}-${number}`
    this.#taken.add(name)
    return name
  }
}

/** Letters, digits, `.`, `_` and `-`; what stands between them is a dash. */
export function slug (text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').replace(/([a-z\d])([A-Z])/g, '$1-$2').replace(/[^\w.]+/g, '-').replace(/^[-.]+|[-.]+$/g, '').toLowerCase()
}

/** Entities of a kind, wherever they are nested. */
export function entitiesOf (draft: Draft, kind: string): Item[] {
  const top = (draft.file[kind] as Item[] | undefined) ?? []
  if (kind !== 'routes') return top
  return [...top, ...((draft.file['services'] as Item[] | undefined) ?? []).flatMap(service => (service['routes'] as Item[] | undefined) ?? [])]
}
