import type { CachedAnswer } from '../stores/cache/cache-store.ts'
import { sameTag } from './conditional.ts'
import { fieldsWhere, valueOf } from './fields.ts'

/** They belong to the bytes that are stored (RFC 9111 section 3.2). */
const OF_THE_BODY = new Set(['content-length', 'content-encoding', 'content-type', 'content-range', 'transfer-encoding'])

/**
 * Fields of a stored answer with those of the 304 that said it still holds; null: the 304 speaks of another one.
 *
 * @param received when the 304 came, in milliseconds since the epoch
 */
export function refreshedFields (answer: CachedAnswer, fresh: readonly string[], received: number): string[] | null {
  const etag = valueOf(fresh, 'etag')
  if (etag !== undefined && answer.etag !== null && !sameTag(etag, answer.etag)) return null
  const news = fieldsWhere(fresh, name => !OF_THE_BODY.has(name))
  // without a date of its own it would be as old as what is stored (RFC 9110 section 6.6.1)
  if (valueOf(news, 'date') === undefined) news.push('Date', new Date(received).toUTCString())
  const names = new Set(news.filter((_, index) => index % 2 === 0).map(name => name.toLowerCase()))
  return [...fieldsWhere(answer.fields, name => !names.has(name)), ...news]
}
