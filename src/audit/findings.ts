import type { Range, RelatedPlace } from '../config/diagnostics.ts'
import { enumerate } from '../config/lint/words.ts'
import type { AuditSeverity, Hit } from './rule.ts'
import { SEVERITIES } from './rule.ts'

/** What is told: one cause, at one or several places. Documented in docs/audit.md; fields may be added. */
export interface AuditFinding {
  readonly rule: string
  readonly severity: AuditSeverity
  readonly file: string
  readonly range: Range
  /** The value in words, `plugins[0].config.key_in_query`; '' for the whole file. */
  readonly path: string
  readonly cause: string
  readonly why: string
  readonly mend: string
  /** Section of the documentation. */
  readonly docs: string
  /** All places, in words; the first is `path`. */
  readonly paths: readonly string[]
  /** Where else the same is so, of `paths` that aren't the first. */
  readonly also?: readonly Range[]
  /** Other places that take part. */
  readonly related?: readonly RelatedPlace[]
}

/** One place, before folding. */
export interface Spot extends Pick<AuditFinding, 'rule' | 'severity' | 'range' | 'path' | 'why' | 'mend' | 'docs'>, Pick<Hit, 'cause' | 'subject'> {
  readonly related?: readonly RelatedPlace[]
  /** The cause without its subject, where it is a text that was made for one: those of many are told as one. */
  readonly template?: string
}

/** One finding a cause: many routes that lack the same are one mistake. */
export function fold (spots: readonly Spot[], file: string): AuditFinding[] {
  const groups = new Map<string, Spot[]>()
  const seen = new Set<string>()
  for (const spot of spots) {
    const key = [spot.rule, spot.severity, spot.template ?? (typeof spot.cause === 'string' ? spot.cause : ''), spot.mend].join('\n')
    // an anchor that ten places use is one place
    const place = [key, spot.path, spot.subject ?? '', spot.range.line, spot.range.column].join('\n')
    if (seen.has(place)) continue
    seen.add(place)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [spot])
    else group.push(spot)
  }
  return [...groups.values()].map(group => finding(group, file)).sort(compareFindings)
}

function finding (group: readonly Spot[], file: string): AuditFinding {
  const [first, ...rest] = [...group].sort((a, b) => a.range.line - b.range.line || a.range.column - b.range.column) as [Spot, ...Spot[]]
  const { cause, subject, template, ...told } = first
  const subjects = [...new Set([first, ...rest].map(({ subject }) => subject ?? ''))]
  const also = rest.map(({ range }) => range).filter(({ line, column }) => line !== first.range.line || column !== first.range.column)
  return {
    ...told,
    file,
    cause: typeof cause !== 'string' ? cause(enumerate(subjects)) : template === undefined || subjects.length === 1 ? cause : `${cause} (so it is with ${enumerate(subjects.filter(one => one !== subject))})`,
    paths: [...new Set([first, ...rest].map(({ path }) => path))],
    ...(also.length === 0 ? {} : { also })
  }
}

/** The worst first, each in the order of the text. */
function compareFindings (a: AuditFinding, b: AuditFinding): number {
  return SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    a.range.line - b.range.line || a.range.column - b.range.column || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0)
}
