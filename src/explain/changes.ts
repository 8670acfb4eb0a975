/** What differs between two moments of a request, in the order in which people read a message. */
import type { Moment } from '../lab/observer.ts'
import type { Words } from './places.ts'
import type { Change } from './run-types.ts'

/** A body is shown up to here. */
const SHOWN = 2_000

export function changesBetween (before: Moment, after: Moment, words: Words): Change[] {
  const changes: Change[] = []
  const note = (of: Change['of'], what: Change['what'], one: string | null, other: string | null, name: string | null = null): void => {
    if (one !== other) changes.push({ of, what, name, before: one, after: other })
  }
  note('request', 'consumer', before.consumer, after.consumer)
  const [up, then] = [before.upstream, after.upstream]
  note('request', 'method', up?.method ?? null, then?.method ?? null)
  note('request', 'url', urlOf(up, words), urlOf(then, words))
  note('request', 'host', up?.hostHeader ?? null, then?.hostHeader ?? null)
  changes.push(...headerChanges('request', pairsOf(up?.headers ?? []), pairsOf(then?.headers ?? []), words))
  note('request', 'body', bodyText(up?.body ?? null, words), bodyText(then?.body ?? null, words))
  // until the answer begins, its status says nothing
  note('answer', 'status', String(before.answer.status), String(after.answer.status))
  changes.push(...headerChanges('answer', answerPairs(before.answer.headers), answerPairs(after.answer.headers), words))
  note('answer', 'body', bodyText(before.answer.body, words), bodyText(after.answer.body, words))
  return changes
}

/** A body as text, cut where it is long; null: there is none. */
export function bodyText (body: Buffer | null, words: Words): string | null {
  if (body === null || body.length === 0) return null
  const text = body.toString()
  // what is no text would only fill the screen
  if (text.includes('\0') || text.includes('\ufffd')) return `(${body.length} bytes)`
  return words.text(text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${body.length} bytes)` : text)
}

function urlOf (upstream: Moment['upstream'], words: Words): string | null {
  if (upstream === null) return null
  const { protocol, host, port, path, query } = upstream
  return `${protocol}://${words.host(host)}:${port}${words.url(query === null ? path : `${path}?${query}`)}`
}

type Fields = ReadonlyMap<string, { readonly name: string, readonly value: string }>

/** By lower-case name; several fields of one name are one, with commas. */
function pairsOf (headers: readonly string[]): Fields {
  const fields = new Map<string, { name: string, value: string }>()
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string
    const known = fields.get(name.toLowerCase())
    const value = headers[index + 1] as string
    fields.set(name.toLowerCase(), { name, value: known === undefined ? value : `${known.value}, ${value}` })
  }
  return fields
}

function answerPairs (headers: Moment['answer']['headers']): Fields {
  return pairsOf(Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap(one => [name, one as string])))
}

/** Compared as they are, shown as words allow: another secret is a change, too. */
function headerChanges (of: Change['of'], before: Fields, after: Fields, words: Words): Change[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((lower): Change[] => {
    const [one, other] = [before.get(lower), after.get(lower)]
    if (one?.value === other?.value) return []
    const { name } = other ?? one as { name: string }
    const shown = (field: { readonly value: string } | undefined): string | null => field === undefined ? null : words.header(name, field.value)
    return [{ of, what: 'header', name, before: shown(one), after: shown(other) }]
  })
}
