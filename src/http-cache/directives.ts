/** The directives of Cache-Control (RFC 9111 section 5.2), as a shared cache needs them. Durations are seconds. */

/** Of an answer. */
export interface AnswerDirectives {
  readonly noStore: boolean
  /** Without field names: nothing of it may be used unvalidated. */
  readonly noCache: boolean
  /** Without field names: it is for one reader. */
  readonly private: boolean
  /** Field names (lower-case) of `private="…"` and `no-cache="…"`: the answer may be stored without them. */
  readonly withheld: readonly string[]
  readonly public: boolean
  readonly mustRevalidate: boolean
  readonly proxyRevalidate: boolean
  /** undefined: not there. 0 as well where it can't be read: such an answer is stale (section 4.2.1). */
  readonly maxAge: number | undefined
  readonly sMaxAge: number | undefined
  /** RFC 5861. */
  readonly staleWhileRevalidate: number | undefined
  readonly staleIfError: number | undefined
}

/** Of a request. */
export interface RequestDirectives {
  readonly noStore: boolean
  readonly noCache: boolean
  readonly onlyIfCached: boolean
  readonly maxAge: number | undefined
  readonly minFresh: number | undefined
  /** Infinity: however stale. */
  readonly maxStale: number | undefined
  readonly staleIfError: number | undefined
}

/** Seconds beyond which it makes no difference (RFC 9111 section 1.2.2). */
const LONGEST = 2_147_483_648

/**
 * One directive, or what stands in its place: no rubbish and no quote that is never closed hides what follows. `private; max-age=0` is
 * a common slip, and who writes it must be believed.
 */
const DIRECTIVE = /[\s,;]*([^\s=,;"]*)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?[^,;]*(?:[,;]|$)/y

/** Values of each directive, in order; null where there is none. */
function parse (text: string): Map<string, Array<string | null>> {
  const found = new Map<string, Array<string | null>>()
  DIRECTIVE.lastIndex = 0
  for (let match = DIRECTIVE.exec(text); match !== null && match[0] !== ''; match = DIRECTIVE.exec(text)) {
    const name = (match[1] as string).toLowerCase()
    const value = match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? null
    const values = found.get(name)
    if (values === undefined) found.set(name, [value])
    else values.push(value)
    if (DIRECTIVE.lastIndex === text.length) break
  }
  return found
}

/** Seconds. `unreadable`: what stands for a value that is none, or for two that differ. */
function seconds (values: ReadonlyArray<string | null> | undefined, unreadable: number): number | undefined {
  if (values === undefined) return undefined
  const [first] = values
  if (first == null || !/^\d+$/.test(first) || values.some(value => value !== first)) return unreadable
  return Math.min(Number(first), LONGEST)
}

function namesOf (values: ReadonlyArray<string | null> | undefined): string[] {
  return (values ?? []).flatMap(value => (value ?? '').split(',')).map(name => name.trim().toLowerCase()).filter(name => name !== '')
}

/** Whether it is there without field names, once at least. */
function whole (values: ReadonlyArray<string | null> | undefined): boolean {
  return values !== undefined && values.some(value => namesOf([value]).length === 0)
}

/** @param text all Cache-Control fields of the answer, joined by commas */
export function answerDirectives (text: string): AnswerDirectives {
  const found = parse(text)
  return {
    noStore: found.has('no-store'),
    noCache: whole(found.get('no-cache')),
    private: whole(found.get('private')),
    withheld: [...namesOf(found.get('private')), ...namesOf(found.get('no-cache'))],
    public: found.has('public'),
    mustRevalidate: found.has('must-revalidate'),
    proxyRevalidate: found.has('proxy-revalidate'),
    maxAge: seconds(found.get('max-age'), 0),
    sMaxAge: seconds(found.get('s-maxage'), 0),
    staleWhileRevalidate: seconds(found.get('stale-while-revalidate'), 0),
    staleIfError: seconds(found.get('stale-if-error'), 0)
  }
}

/** A request that says nothing. */
export const NO_DIRECTIVES: RequestDirectives = Object.freeze({
  noStore: false, noCache: false, onlyIfCached: false, maxAge: undefined, minFresh: undefined, maxStale: undefined, staleIfError: undefined
})

/** @param pragma counts where there is no Cache-Control (RFC 9111 section 5.4) */
export function requestDirectives (text: string | undefined, pragma: string | undefined): RequestDirectives {
  if (text === undefined) {
    return pragma !== undefined && /(?:^|,)\s*no-cache\s*(?:,|$)/i.test(pragma) ? { ...NO_DIRECTIVES, noCache: true } : NO_DIRECTIVES
  }
  const found = parse(text)
  const maxStale = found.get('max-stale')
  return {
    noStore: found.has('no-store'),
    noCache: found.has('no-cache'),
    onlyIfCached: found.has('only-if-cached'),
    maxAge: seconds(found.get('max-age'), 0),
    minFresh: seconds(found.get('min-fresh'), LONGEST),
    maxStale: maxStale?.every(value => value === null) === true ? Infinity : seconds(maxStale, 0),
    staleIfError: seconds(found.get('stale-if-error'), 0)
  }
}
