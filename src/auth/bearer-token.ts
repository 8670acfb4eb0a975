import type { FastifyRequest } from 'fastify'
import type { UpstreamRequest } from '../plugin.ts'
import { type BearerError, invalidToken, noToken } from './bearer-error.ts'

/** Where a token may stand. Names of header fields have no case, others have. */
export interface TokenPlaces {
  /** `Bearer <token>`. */
  readonly headers: readonly string[]
  /** The bare token. */
  readonly cookies: readonly string[]
  /** The bare token. */
  readonly parameters: readonly string[]
}

export interface TokenFinder {
  /** The one token that was sent; the same token in two places is one. */
  find (request: FastifyRequest): string | BearerError
  /** Takes the token out of what goes to the upstream. */
  strip (upstream: UpstreamRequest): void
}

/** RFC 9110 section 11.1: schemes have no case. Kong's pattern also takes blanks in front. */
const BEARER = /^\s*bearer\s+(?=\S)/i

export function createTokenFinder (places: TokenPlaces): TokenFinder {
  const headers = places.headers.map(name => name.toLowerCase())
  const cookies = new Set(places.cookies)
  const parameters = new Set(places.parameters)

  return {
    find (request) {
      let token: string | null = null
      let several = false
      const take = (found: string): void => {
        if (token === null) token = found
        else if (token !== found) several = true
      }
      // all fields of a name: which of two an upstream reads, nobody knows
      const { rawHeaders } = request.raw
      for (let index = 0; index < rawHeaders.length; index += 2) {
        const name = rawHeaders[index] as string
        for (const wanted of headers) {
          if (wanted.length === name.length && name.toLowerCase() === wanted) {
            const found = bearerOf(rawHeaders[index + 1] as string)
            if (found !== null) take(found)
          }
        }
        if (cookies.size > 0 && name.length === 6 && name.toLowerCase() === 'cookie') {
          for (const [cookie, value] of cookiesOf(rawHeaders[index + 1] as string)) if (cookies.has(cookie) && value !== '') take(value)
        }
      }
      if (parameters.size > 0) {
        const { target } = request.gateway
        const start = target.indexOf('?')
        if (start !== -1) {
          for (const pair of target.slice(start + 1).split('&')) {
            const [name, value] = decodePair(pair)
            if (parameters.has(name) && value !== '') take(value)
          }
        }
      }
      if (token === null) return noToken()
      return several ? invalidToken('Multiple tokens provided') : token
    },

    strip (upstream) {
      for (const name of headers) {
        if (upstream.headers.getAll(name).some(value => bearerOf(value) !== null)) upstream.headers.delete(name)
      }
      if (cookies.size > 0) stripCookies(upstream, cookies)
      if (parameters.size > 0 && upstream.query !== null) {
        const pairs = upstream.query.split('&')
        const kept = pairs.filter(pair => !parameters.has(decodePair(pair)[0]))
        if (kept.length < pairs.length) upstream.query = kept.length === 0 ? null : kept.join('&')
      }
    }
  }
}

/** The token of a field `Bearer <token>`, or null. */
function bearerOf (value: string): string | null {
  // the usual spelling, without a regex
  if (value.startsWith('Bearer ') && value.length > 7 && value.charCodeAt(7) > 0x20) return value.slice(7)
  const scheme = BEARER.exec(value)
  return scheme === null ? null : value.slice(scheme[0].length)
}

function * cookiesOf (field: string): Generator<[name: string, value: string, pair: string]> {
  for (const pair of field.split(';')) {
    const equals = pair.indexOf('=')
    if (equals === -1) yield ['', pair.trim(), pair]
    else yield [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim(), pair]
  }
}

function stripCookies (upstream: UpstreamRequest, names: ReadonlySet<string>): void {
  const fields = upstream.headers.getAll('cookie')
  const kept = fields.map(field => {
    const pairs = [...cookiesOf(field)]
    const others = pairs.filter(([name]) => !names.has(name))
    return others.length === pairs.length ? field : others.map(([, , pair]) => pair.trim()).join('; ')
  })
  if (kept.every((field, index) => field === fields[index])) return
  upstream.headers.delete('cookie')
  for (const field of kept) if (field !== '') upstream.headers.append('cookie', field)
}

function decodePair (pair: string): [name: string, value: string] {
  const equals = pair.indexOf('=')
  return equals === -1 ? [decode(pair), ''] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))]
}

function decode (text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
