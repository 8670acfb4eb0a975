/** Conditional requests and ranges of a stored answer (RFC 9110 sections 13 and 14). */
import type { CachedAnswer } from '../stores/cache/cache-store.ts'
import { members, valueOf } from './fields.ts'
import { httpDate } from './http-date.ts'

/** What dates tell apart. */
const SECOND = 1000

/** Request fields that decide. */
export interface Conditions {
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
}

/** Whether the client has this answer already: 304. */
export function isKnown (answer: CachedAnswer, { ifNoneMatch, ifModifiedSince }: Conditions): boolean {
  if (answer.status !== 200) return false
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, answer.etag)
  if (ifModifiedSince === undefined) return false
  const since = httpDate(ifModifiedSince, answer.receivedAt)
  if (Number.isNaN(since)) return false
  // without Last-Modified its Date counts (RFC 9111 section 4.3.2); one is always stored
  const changed = httpDate(answer.lastModified ?? valueOf(answer.fields, 'date'), answer.receivedAt)
  return changed <= since
}

/** Weak comparison: W/ makes no difference. */
function matches (list: string, etag: string | null): boolean {
  if (list.trim() === '*') return true
  if (etag === null) return false
  const own = opaque(etag)
  // a quoted tag may hold a comma
  return (list.match(/(?:W\/)?"[^"]*"/g) ?? []).some(tag => opaque(tag) === own)
}

/** Whether two validators name the same answer, weakly. */
export function sameTag (one: string, other: string): boolean {
  return opaque(one) === opaque(other)
}

function opaque (tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}

/** First and last byte. */
export interface Part {
  readonly first: number
  readonly last: number
}

/** The one range that is wanted; `none`: there is no such part; null: the whole answer is sent. */
export function wantedPart (answer: CachedAnswer, range: string | undefined, ifRange: string | undefined): Part | 'none' | null {
  if (range === undefined || answer.status !== 200) return null
  if (ifRange !== undefined && !isStill(answer, ifRange)) return null
  if (members(valueOf(answer.fields, 'accept-ranges')).some(unit => unit.toLowerCase() === 'none')) return null
  // several ranges may be ignored (section 14.2), and are
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(range.trim()) ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return null
  const length = answer.body.length
  if (from === '') {
    const suffix = Math.min(Number(to), length)
    return suffix === 0 ? 'none' : { first: length - suffix, last: length - 1 }
  }
  const first = Number(from)
  const last = to === '' ? length - 1 : Math.min(Number(to), length - 1)
  if (to !== '' && Number(to) < first) return null
  return first >= length ? 'none' : { first, last }
}

/** If-Range: a strong tag, or the very date of the last change (section 13.1.5), where nothing can have changed in that second (8.8.2.2). */
function isStill ({ etag, lastModified, fields, receivedAt }: CachedAnswer, ifRange: string): boolean {
  const said = ifRange.trim()
  if (said.startsWith('"')) return said === etag
  if (said.startsWith('W/') || said !== lastModified) return false
  return httpDate(valueOf(fields, 'date'), receivedAt) - httpDate(lastModified, receivedAt) >= SECOND
}
