import type { Diagnostic, Range, RelatedPlace, Severity } from './diagnostics.ts'
import { cutPasswords } from './cut-passwords.ts'
import { compare } from './diagnostics.ts'
import type { Pointer } from './model.ts'
import { DECK_EXAMPLE } from './references/deck-example.ts'
import type { Source } from './source.ts'

/** What a rule has to say; the place is given beside it. */
export interface Finding {
  readonly rule: string
  readonly cause: string
  readonly mend: string
  /** Default `error`. */
  readonly severity?: Severity
  readonly related?: readonly RelatedPlace[]
}

/** Collects diagnostics, each once: an anchor that ten places use is still one mistake. */
export class Report {
  readonly #file: string
  readonly #diagnostics = new Map<string, Diagnostic>()

  constructor (file: string) {
    this.#file = file
  }

  /** At a range of the text. */
  add (range: Range, path: string, finding: Finding): void {
    const { rule, cause, mend, severity = 'error', related = [] } = finding
    const key = `${rule} ${range.line}:${range.column}-${range.endLine}:${range.endColumn} ${cause}`
    if (this.#diagnostics.has(key)) return
    this.#diagnostics.set(key, {
      rule, severity, file: this.#file, range, path, cause, mend, ...(related.length === 0 ? {} : { related })
    })
  }

  /** At a value (or its key), with the aliases and merge keys on the way there. Silent where that value was reported already. */
  at (source: Source, pointer: Pointer, finding: Finding, part: 'key' | 'value' = 'value'): void {
    // that a value is broken says nothing about its key
    const silent = source.isBroken(part === 'key' ? pointer.slice(0, pointer.lastIndexOf('/')) : pointer)
    if (!silent) this.#about(source, pointer, source.locate(pointer, part), finding, part === 'value' && source.isSecret(pointer))
  }

  /** At a part of a text value: `index` and `length` count inside it. */
  within (source: Source, pointer: Pointer, index: number, length: number, finding: Finding): void {
    if (!source.isBroken(pointer)) this.#about(source, pointer, source.locateWithin(pointer, index, length), finding, source.isSecret(pointer))
  }

  #about (source: Source, pointer: Pointer, range: Range, finding: Finding, secret: boolean): void {
    const shown = secret ? withoutValue(finding) : finding
    this.add(range, source.describe(pointer), {
      ...shown,
      cause: cutPasswords(source.redact(shown.cause)),
      mend: cutPasswords(source.redact(shown.mend)),
      related: [...finding.related ?? [], ...source.via(pointer)]
    })
  }

  include (diagnostics: Iterable<Diagnostic>): void {
    for (const { range, path, ...finding } of diagnostics) this.add(range, path, finding)
  }

  get hasErrors (): boolean {
    for (const diagnostic of this.#diagnostics.values()) if (diagnostic.severity === 'error') return true
    return false
  }

  /** Errors before warnings, each in the order of the text. */
  list (): Diagnostic[] {
    return [...this.#diagnostics.values()].sort(compare)
  }
}

/** Rules whose messages quote the value, or a part of it, and what they say about one that must not be shown. */
const QUOTING: Readonly<Record<string, string>> = {
  'bad-format': 'it has not the form that is expected here',
  'bad-header': 'it is no header name',
  'bad-host': 'it is no host that is accepted here',
  'bad-method': 'it is no method',
  'bad-name': 'it is no valid name',
  'bad-path': 'it is no path that is accepted here',
  'bad-regex': 'it is no regex that is accepted here',
  'bad-tag': 'it is no valid tag',
  'bad-url': 'it is no url that is accepted here',
  'not-supported-yet': 'it is not supported yet',
  'not-unique': 'it is taken by another entity',
  'unknown-plugin': 'it names no plugin',
  'unresolved-reference': 'it names no entity of the file'
}

function withoutValue (finding: Finding): Finding {
  if (finding.rule === 'wrong-type') return { ...finding, mend: retype(finding.cause) }
  const reason = Object.hasOwn(QUOTING, finding.rule) ? QUOTING[finding.rule] : undefined
  return reason === undefined ? finding : { ...finding, cause: `the value comes from a reference, and ${reason}`, mend: 'Correct the variable.' }
}

/** A reference in quotes is a text, a plain one is what it looks like. */
function retype (cause: string): string {
  if (/integer|number/.test(cause)) return `Write ${DECK_EXAMPLE.replace(' }}', ' | toInt }}')}, without quotes: a reference in quotes is a text.`
  if (cause.includes('boolean')) return `Write ${DECK_EXAMPLE.replace(' }}', ' | toBool }}')}, without quotes: a reference in quotes is a text.`
  return cause.includes('string') ? 'Put quotes around the reference: it is a text then.' : 'Write the value out: a reference stands for a single value.'
}
