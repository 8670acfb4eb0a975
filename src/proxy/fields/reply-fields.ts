import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { FastifyReply } from 'fastify'

export type ReplyFields = ReturnType<FastifyReply['getHeaders']>

/**
 * Puts the upstream's header fields on Fastify's reply. What a plugin has set there already stays, but for `Vary`,
 * which both may speak of, and `Set-Cookie`, of which there may be several.
 *
 * @returns what was on the reply before
 */
export function copyToReply (reply: FastifyReply, fields: readonly string[]): ReplyFields {
  const own = copyFields(reply)
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    const value = fields[index + 1] as string
    const lower = name.toLowerCase()
    const mine = Object.hasOwn(own, lower) ? own[lower] : undefined
    if (mine === undefined) {
      // Fastify itself collects several Set-Cookie, and answers for what its plain object inherits
      const before = lower === 'set-cookie' || lower === 'constructor' ? undefined : reply.getHeader(lower)
      if (before === undefined) reply.header(lower, value)
      else reply.header(lower, Array.isArray(before) ? [...before, value] : [String(before), value])
    } else if (lower === 'vary') {
      reply.header('vary', mergeVary(String(mine), value))
    } else if (lower === 'set-cookie') {
      reply.header('set-cookie', value)
    }
  }
  return own
}

/** What stands on the reply now. */
export function copyFields (reply: FastifyReply): ReplyFields {
  const fields = reply.getHeaders()
  const cookies = fields['set-cookie']
  // the one list that Fastify adds to
  if (Array.isArray(cookies)) fields['set-cookie'] = cookies.slice()
  return fields
}

/** Puts back what stood there at the time of the copy, and nothing else. */
export function restoreFields (reply: FastifyReply, fields: ReplyFields): void {
  for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name)
  reply.headers(fields)
}

/**
 * Adds what plugins have set on the reply to the upstream's fields, under the same rules.
 *
 * @throws for what no header may have
 */
export function mergeFields (fields: string[], own: Readonly<ReplyFields>): void {
  for (const name in own) {
    const value = own[name]
    if (value === undefined) continue
    validateHeaderName(name)
    if (Array.isArray(value)) for (const item of value) validateHeaderValue(name, item)
    else validateHeaderValue(name, value as string)
    const upstream = name === 'set-cookie' ? undefined : takeField(fields, name)
    if (name === 'vary' && upstream !== undefined) fields.push(name, mergeVary(String(value), upstream))
    else if (Array.isArray(value)) for (const item of value) fields.push(name, item)
    else fields.push(name, String(value))
  }
}

function takeField (fields: string[], lower: string): string | undefined {
  let taken: string | undefined
  for (let index = fields.length - 2; index >= 0; index -= 2) {
    const name = fields[index] as string
    // the length decides for nearly all names before anything is lower-cased
    if (name.length !== lower.length || name.toLowerCase() !== lower) continue
    taken = fields[index + 1]
    fields.splice(index, 2)
  }
  return taken
}

function mergeVary (mine: string, theirs: string): string {
  if (mine === '*' || theirs.trim() === '*') return '*'
  const names = new Map<string, string>()
  for (const name of `${mine},${theirs}`.split(',')) {
    const trimmed = name.trim()
    if (trimmed !== '') names.set(trimmed.toLowerCase(), trimmed)
  }
  return [...names.values()].join(', ')
}
