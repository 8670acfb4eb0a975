import type { Context } from '../../gateway/context.ts'
import { escapePath } from '../../router/escape.ts'
import type { Upstream } from './upstream.ts'
import type { Tokens } from '../fields/product.ts'

/** As `Via` names them, where it isn't 1.1. */
const VERSIONS: Readonly<Record<string, string>> = { '1.0': '1.0', '2.0': '2' }

/**
 * Header fields that every upstream request gets, after the plugins had their say: Host, X-Forwarded-*, X-Real-IP, Via,
 * the request id. From trusted peers the incoming X-Forwarded-* win (kong.conf's `trusted_ips` semantics).
 *
 * @returns the fields, name, value, …: the same array that plugins edited, extended
 */
export function finishRequestHead (context: Context, upstream: Upstream, tokens: Tokens, trusted: boolean): string[] {
  const fields = upstream.headers.raw
  const address = context.connection.address
  upstream.hostAt = fields.push('host', upstream.hostHeader) - 1
  fields.push('X-Forwarded-For', context.forwardedFor === undefined ? address : `${context.forwardedFor}, ${address}`)
  fields.push('X-Real-IP', context.clientIp)
  // the context's scheme has already taken a trusted X-Forwarded-Proto
  fields.push('X-Forwarded-Proto', context.scheme)
  fields.push('X-Forwarded-Host', (trusted ? context.forwardedHost : undefined) ?? context.host)
  fields.push('X-Forwarded-Port', (trusted ? context.forwardedPort : undefined) ?? String(context.port))
  fields.push('X-Forwarded-Path', (trusted ? context.forwardedPath : undefined) ?? pathOf(context.target, context.query))
  // what was matched is text, a field is bytes
  const prefix = (trusted ? context.forwardedPrefix : undefined) ?? escapePath(upstream.strippedPrefix)
  if (prefix !== '') fields.push('X-Forwarded-Prefix', prefix)
  if (tokens.requestId !== null) fields.push(tokens.requestId, context.id)
  if (tokens.via !== null) {
    const via = `${VERSIONS[context.raw.httpVersion] ?? '1.1'} ${tokens.via}`
    fields.push('Via', context.via === undefined ? via : `${context.via}, ${via}`)
  } else if (context.via !== undefined) {
    fields.push('Via', context.via)
  }
  if (context.trailers) fields.push('TE', 'trailers')
  return fields
}

/** Raw path as received, without query. */
function pathOf (target: string, query: string | null): string {
  if (query !== null) return target.slice(0, target.length - query.length - 1)
  return target
}
