import { ArgumentList, type FastifyRequest, fieldOf, type Static, type UpstreamRequest } from '../../src/plugin.ts'
import { readFields } from './body-key.ts'
import type { KeyAuth } from './schema.ts'

/** Several values where one is meant: which of them counts would be a guess. */
export const DUPLICATE = Symbol('duplicate')

/** The key as bytes; null: none, DUPLICATE: several. */
export type Found = string | null | typeof DUPLICATE

/** Makes the function that finds the key in head or body of a request, and hides it from the service. */
export function createKeyFinder (config: Static<typeof KeyAuth>): (request: FastifyRequest) => Found | Promise<Found> {
  const { key_names: names, key_in_header: inHeader, key_in_query: inQuery, key_in_body: inBody, hide_credentials: hides } = config
  const keys = names.map(name => ({ name, lower: name.toLowerCase() }))

  function inHead ({ raw, gateway: { target } }: FastifyRequest): Found {
    const mark = inQuery ? target.indexOf('?') : -1
    const query = mark === -1 ? null : ArgumentList.parse(target.slice(mark + 1))
    for (const { name, lower } of keys) {
      const field = inHeader ? fieldOf(raw, lower) : undefined
      if (field !== undefined) return field ?? DUPLICATE
      const values = query === null ? [] : query.getAll(name)
      if (values.length > 1) return DUPLICATE
      // `?apikey` has no value: Kong reads it as true, which is no key
      if (typeof values[0] === 'string') return values[0]
    }
    return null
  }

  function hideInHead ({ headers, query }: UpstreamRequest): string | null {
    for (const { lower } of keys) headers.delete(lower)
    if (query === null) return query
    const list = ArgumentList.parse(query)
    let removed = false
    for (const { name } of keys) removed = list.remove(name) || removed
    return removed ? list.toString() || null : query
  }

  async function findInBody ({ raw, gateway }: FastifyRequest): Promise<Found> {
    const contentType = raw.headers['content-type'] ?? ''
    // a compressed body would have to be unpacked first, whatever size that makes
    if (contentType === '' || raw.headers['content-encoding'] !== undefined) return null
    if (!/application\/(?:json|x-www-form-urlencoded)|multipart\/form-data/i.test(contentType)) return null
    const body = await gateway.readBody()
    const fields = body === null ? null : readFields(body, contentType)
    if (fields === null) return null
    for (const { name } of keys) {
      const values = fields.getAll(name)
      if (values.length > 1) return DUPLICATE
      if (typeof values[0] !== 'string') continue
      if (hides && gateway.upstream !== null) gateway.upstream.body = fields.without(name) ?? gateway.upstream.body
      return values[0]
    }
    return null
  }

  return function findKey (request) {
    const found = inHead(request)
    const { upstream } = request.gateway
    if (hides && upstream !== null) upstream.query = hideInHead(upstream)
    return found === null && inBody ? findInBody(request) : found
  }
}
