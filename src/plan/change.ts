/** What a plan consists of. */

/** How much harm a change can do: let in or send out what nobody meant to; refuse or slow what worked; none. */
export type Risk = 'high' | 'medium' | 'low'

export const risks: readonly Risk[] = ['high', 'medium', 'low']

export type SideName = 'old' | 'new'

/** A place in one of the two files. */
export interface Place {
  readonly side: SideName
  /** As the user calls it. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** The object in words: `services[orders].routes[list]`. */
  readonly path: string
}

/** One thing that is different, for one or many. */
export interface Change {
  readonly risk: Risk
  /** Stable id, kebab-case, documented in docs/cli.md. */
  readonly rule: string
  /** One sentence without a full stop. */
  readonly title: string
  /** Whom it is about, all of them: routes, services, … */
  readonly kind: Kind
  readonly subjects: readonly string[]
  /** Values, where the change is one of a value; never secrets. */
  readonly from?: string
  readonly to?: string
  /** Further sentences. */
  readonly details: readonly string[]
  readonly places: readonly Place[]
}

export type Kind = 'route' | 'service' | 'upstream' | 'consumer' | 'consumer group' | 'certificate' | 'authority' | 'gateway'

/** A change of one subject; those that say the same are folded into one. */
export interface Draft extends Omit<Change, 'title' | 'subjects'> {
  readonly subject: string
  /** What is true of one, and of several: `loses jwt`, `lose jwt`; or `: minute 100 → 1000`. */
  readonly one: string
  readonly many?: string
  /** What is true of several of whom each has values of its own: `: host is another one for each`. */
  readonly general?: string
  /** Equal for drafts that become one change; what is not said here is taken from the first. */
  readonly key?: string
}

/** Places of one change: more of them tell nobody more. */
const MOST_PLACES = 20
const MOST_DETAILS = 8
/** So many changes of one sort are told one by one; more are one change. */
const MOST_ALIKE = 8

/**
 * Drafts that say the same as one change each, the worst first.
 *
 * @param totals how many subjects of a kind there are: "all 41 routes"
 */
export function fold (drafts: readonly Draft[], totals: Readonly<Partial<Record<Kind, number>>>): Change[] {
  const groups = new Map<string, Draft[]>()
  for (const draft of drafts) {
    const key = `${draft.risk} ${draft.kind} ${draft.rule} ${draft.key ?? draft.one}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [draft])
    else group.push(draft)
  }
  return [...generalised(groups.values())].map(group => merge(group, totals)).sort((a, b) => risks.indexOf(a.risk) - risks.indexOf(b.risk))
}

/** Many changes that differ in their values only become one that says what they have in common. */
function * generalised (groups: Iterable<readonly Draft[]>): Generator<readonly Draft[]> {
  const sorts = new Map<string, Array<readonly Draft[]>>()
  let alone = 0
  for (const group of groups) {
    const { risk, kind, rule, general } = group[0] as Draft
    const sort = general === undefined ? String(alone++) : `${risk} ${kind} ${rule} ${general}`
    const alike = sorts.get(sort)
    if (alike === undefined) sorts.set(sort, [group])
    else alike.push(group)
  }
  for (const alike of sorts.values()) {
    if (alike.length <= MOST_ALIKE) yield * alike
    else yield alike.flat().map(({ from: _, to: __, ...draft }) => ({ ...draft, one: draft.general ?? draft.one, many: draft.general ?? draft.one, details: [joined(`${draft.kind} ${draft.subject}`, draft.one)] }))
  }
}

function merge (group: readonly Draft[], totals: Readonly<Partial<Record<Kind, number>>>): Change {
  const [first] = group as [Draft]
  const { risk, rule, kind, one, many = one, from, to } = first
  const subjects = [...new Set(group.map(({ subject }) => subject))]
  const places = new Map(group.flatMap(draft => draft.places).map(place => [`${place.side} ${place.path} ${place.line} ${place.column}`, place]))
  return {
    risk,
    rule,
    title: kind === 'gateway' ? one : joined(whom(kind, subjects, totals[kind] ?? 0), subjects.length === 1 ? one : many),
    kind,
    subjects: kind === 'gateway' ? [] : subjects,
    ...from === undefined ? {} : { from },
    ...to === undefined ? {} : { to },
    details: shortened([...new Set(group.flatMap(({ details }) => details))]),
    places: [...places.values()].slice(0, MOST_PLACES)
  }
}

/** A predicate, or after a colon what is another one. */
function joined (whom: string, what: string): string {
  return what.startsWith(':') ? `${whom}${what}` : `${whom} ${what}`
}

function shortened (details: readonly string[]): readonly string[] {
  return details.length <= MOST_DETAILS ? details : [...details.slice(0, MOST_DETAILS - 1), `and ${details.length - MOST_DETAILS + 1} more`]
}

function whom (kind: Kind, names: readonly string[], total: number): string {
  if (names.length === 1) return `${kind} ${names[0]}`
  const kinds = kind === 'authority' ? 'authorities' : `${kind}s`
  if (names.length === total) return total === 2 ? `both ${kinds}` : `all ${total} ${kinds}`
  if (names.length > 4) return `${names.length} ${kinds} (${names.slice(0, 2).join(', ')} and ${names.length - 2} more)`
  return `${kinds} ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
