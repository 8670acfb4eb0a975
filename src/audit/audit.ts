import type { Diagnostic, Range } from '../config/diagnostics.ts'
import type { Config, Pointer } from '../config/model.ts'
import type { Source } from '../config/source.ts'
import type { LoadedPlugins } from '../plugins.ts'
import { adoptedRules } from './adopted.ts'
import { baselineKey, type Baseline } from './baseline.ts'
import { AuditContext } from './context.ts'
import { fold, type AuditFinding, type Spot } from './findings.ts'
import { expiredIgnore, Ignores, unusedIgnore } from './ignores.ts'
import type { AuditRuleText, Hit } from './rule.ts'
import { auditRules } from './rules/index.ts'

/** The parts of a loaded file. */
export interface Auditable {
  readonly config: Config
  readonly diagnostics: readonly Diagnostic[]
  readonly source: Source
  readonly plugins: LoadedPlugins
}

export interface AuditOptions {
  /** Milliseconds since the epoch, for exceptions that end. */
  readonly now: number
  /** What the user calls the file. */
  readonly file: string
  readonly baseline?: Baseline
}

export interface Audit {
  readonly findings: readonly AuditFinding[]
  /** Before the baseline and before folding: what a new baseline holds. */
  readonly spots: readonly Spot[]
  /** How many places an exception of the file covers. */
  readonly ignored: number
  /** How many places the baseline covers. */
  readonly known: number
  /** How many entries of the baseline cover nothing any more. */
  readonly mended: number
}

/** Looks at what the values of a file that could run mean for those who rely on it. No network, nothing is changed. */
export function audit ({ config, diagnostics, source, plugins }: Auditable, { now, file, baseline }: AuditOptions): Audit {
  const context = new AuditContext(config, source, plugins, now)
  const found = [
    ...diagnostics.flatMap(adopt),
    ...auditRules.flatMap(rule => [...rule.find(context)].map(hit => spotOf(rule, hit, source)))
  ]
  const ignores = new Ignores(config.gateway.audit.ignore, now)
  const told = found.filter(({ rule, path }) => !ignores.covers(rule, path))
  const problems = [...ignores.problems(ruleIds())].map(({ rule, ...hit }) => spotOf(rule, hit, source))
  const spots = [...told, ...problems]
  const known = new Set(baseline?.findings.map(baselineKey))
  const fresh = spots.filter(spot => !known.has(baselineKey(spot)))
  const seen = new Set(spots.map(baselineKey))
  return {
    findings: fold(fresh, file),
    spots,
    ignored: found.length - told.length,
    known: spots.length - fresh.length,
    mended: [...known].filter(key => !seen.has(key)).length
  }
}

/** Ids that an exception may name. */
export function ruleIds (): Set<string> {
  return new Set([...auditRules.map(({ id }) => id), ...Object.keys(adoptedRules)])
}

/** What is told about a rule that a finding has. */
export function ruleTitles (): Map<string, string> {
  return new Map([...auditRules, expiredIgnore, unusedIgnore].map(({ id, title }) => [id, title]))
}

function adopt ({ rule, range, path, cause, mend, related }: Diagnostic): Spot[] {
  const adopted = Object.hasOwn(adoptedRules, rule) ? adoptedRules[rule] : undefined
  if (adopted === undefined) return []
  // many routes of which check says the same are one finding here
  const [subject] = /'[^']*'/.exec(cause) ?? []
  return [{ rule, ...adopted, range, path, cause, ...subject === undefined ? {} : { subject, template: cause.replace(subject, '…') }, mend, docs: `docs/check.md#${rule}`, ...related === undefined ? {} : { related } }]
}

function spotOf (rule: AuditRuleText, hit: Hit, source: Source): Spot {
  const { pointer, cause, subject, mend = rule.mend, severity = rule.severity } = hit
  const related = source.via(pointer)
  return {
    rule: rule.id,
    severity,
    range: placeOf(source, pointer),
    // an item that isn't in the file has no list around it to tell
    path: source.describe(pointer).replace(/\.(\d+)(?=\.|$)/g, '[$1]'),
    cause: typeof cause === 'string' ? source.redact(cause) : subjects => source.redact(cause(subjects)),
    why: rule.why,
    mend,
    docs: `docs/audit-rules.md#${rule.id}`,
    ...subject === undefined ? {} : { subject },
    ...related.length === 0 ? {} : { related }
  }
}

const NAMES = ['name', 'username']

/** Where a value stands; one that is left to its default at the name of what it belongs to. */
function placeOf (source: Source, pointer: Pointer): Range {
  let at = pointer
  while (at !== '' && !source.has(at)) at = at.slice(0, at.lastIndexOf('/'))
  if (at === '') return source.locate('/_format_version', 'key')
  // an entity, or a block of one, spans many lines: its name is what a reader looks for
  if (at !== pointer) {
    const entity = /^.*\/\d+(?=\/|$)/.exec(at)?.[0] ?? ''
    const name = NAMES.map(key => `${entity}/${key}`).find(key => source.has(key))
    if (name !== undefined) return source.locate(name)
  }
  const name = NAMES.map(key => `${at}/${key}`).find(key => source.has(key))
  if (name !== undefined) return source.locate(name)
  const range = source.locate(at)
  return range.line === range.endLine || /\/\d+$/.test(at) ? range : source.locate(at, 'key')
}
