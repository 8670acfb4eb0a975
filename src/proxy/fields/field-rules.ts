import type { GatewaySettings } from '../../config/model.ts'
import { COMMON, DROP, FORWARDED, KEEP, ONCE, requestFieldKind, UNDERSCORE } from './request-fields.ts'

/**
 * Fields of which one server takes the first and the next one the last: there must be one only. (Host, Content-Length and
 * Authorization have rules of their own.)
 */
const SINGLE = ['content-type', 'origin', 'proxy-authorization', 'x-api-key']

export interface FieldRulesOptions {
  /** Names in which plugins speak about the caller. */
  readonly vouched: Iterable<string>
  /** Names in which plugins look for credentials. */
  readonly credentials: Iterable<string>
  readonly settings: GatewaySettings['request_headers']
}

/** A field's name in the one spelling in which names are compared. */
export function dashed (name: string): string {
  const lower = name.toLowerCase()
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower
}

/** What becomes of each field of a request, by one configuration. */
export class FieldRules {
  readonly #vouched: ReadonlySet<string>
  readonly #once: ReadonlySet<string>
  /** With underscores, in lower case: wanted so by a plugin. */
  readonly #wanted: ReadonlySet<string>
  readonly #keepsUnderscores: boolean
  readonly #kinds: ReadonlyMap<string, number>

  constructor ({ vouched, credentials, settings }: FieldRulesOptions) {
    const read = [...credentials].map(name => name.toLowerCase())
    this.#vouched = new Set([...vouched].map(dashed))
    this.#once = new Set([...SINGLE, ...read, ...settings.once].map(dashed))
    this.#wanted = new Set(read.filter(name => name.includes('_')))
    this.#keepsUnderscores = settings.underscores === 'keep'
    // one look-up for the names that clients send most
    this.#kinds = new Map(COMMON.flatMap(name => [name, name.toLowerCase()]).map(name => [name, this.#classify(name)]))
  }

  /** @param name in any case */
  kindOf (name: string): number {
    return this.#kinds.get(name) ?? this.#classify(name)
  }

  /** Of a field that must be there once: whether the gateway alone says it to services. @param lower as `dashed` gives it */
  isVouched (lower: string): boolean {
    return this.#vouched.has(lower)
  }

  #classify (name: string): number {
    const kind = requestFieldKind(name)
    if (kind !== KEEP) return kind
    const lower = dashed(name)
    const once = this.#once.has(lower)
    if (this.#vouched.has(lower)) return once ? ONCE : DROP
    // many servers read `_` as `-`: the field would stand in for another one, behind the back of whoever looks at that
    if (!this.#keepsUnderscores && name.includes('_') && !this.#wanted.has(name.toLowerCase())) return UNDERSCORE
    if (once) return ONCE
    // X-Forwarded-User, -Email, -Client-Cert, -Ssl, …: what proxies say, and services believe
    return lower.startsWith('x-forwarded-') ? FORWARDED : KEEP
  }
}

/** Takes fields out of a request, so that nobody sees them: not in Node's list, and not in its object. */
export function removeFields (raw: { readonly rawHeaders: string[], readonly headers: Record<string, unknown> }, isUnwanted: (name: string) => boolean): void {
  const { rawHeaders, headers } = raw
  let kept = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (isUnwanted(name)) {
      delete headers[name.toLowerCase()]
      continue
    }
    rawHeaders[kept] = name
    rawHeaders[kept + 1] = rawHeaders[index + 1] as string
    kept += 2
  }
  rawHeaders.length = kept
}
