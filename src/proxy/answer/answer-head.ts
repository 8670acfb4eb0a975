import type { Context } from '../../gateway/context.ts'
import { debugFields } from '../fields/debug-fields.ts'
import { connectionForUpgrade } from '../fields/upgrade.ts'
import type { Tokens } from '../fields/product.ts'
import { CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DROP, KEEP, SERVER, TOKEN, TRAILER, TRANSFER_ENCODING, UPGRADE, VIA, responseFieldKind } from '../fields/response-fields.ts'

/** The head of an upstream's answer, ready for the client. */
export interface AnswerHead {
  /** Name, value, name, value, … */
  readonly fields: string[]
  /** Content-Length; -1 where there is none. */
  readonly length: number
  readonly hasContentType: boolean
  /** false: in a transfer coding other than chunked. */
  readonly readable: boolean
  /** It says where it ends: Content-Length or chunked. */
  readonly framed: boolean
  /** Where the gateway's own fields begin. */
  readonly own: number
  /** The upstream's Via, which is part of ours. */
  readonly via: string | undefined
}

const UPGRADE_REQUIRED = 426
const PLAIN_CONNECTION = /^(?:keep-alive|close|upgrade)$/i

/**
 * Reads the upstream's header fields, drops what belongs to that connection, adds the gateway's own.
 *
 * @param raw fields as they came: name, value, …
 */
export function answerHead (context: Context, raw: readonly string[], tokens: Tokens): AnswerHead {
  const fields: string[] = []
  let length = -1
  let named: string | undefined
  let via: string | undefined
  let upgrade: string | undefined
  let server = false
  let hasContentType = false
  let readable = true
  let chunked = false

  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    const value = raw[index + 1] as string
    switch (responseFieldKind(name)) {
      case DROP:
        continue
      case CONNECTION:
        if (!PLAIN_CONNECTION.test(value)) named = named === undefined ? value : `${named},${value}`
        continue
      case UPGRADE:
        if (context.upstreamStatus === UPGRADE_REQUIRED) upgrade = upgrade === undefined ? value : `${upgrade}, ${value}`
        continue
      case VIA:
        via = via === undefined ? value : `${via}, ${value}`
        continue
      case TRAILER:
        if (!context.trailers) continue
        break
      case TRANSFER_ENCODING:
        // never asked for, so nothing that could be passed on: the client would get coded bytes without knowing it
        if (value.toLowerCase() !== 'chunked') readable = false
        chunked = true
        continue
      case CONTENT_LENGTH:
        // RFC 9110 section 8.6: 204 has none; a recipient might wait for a body
        if (context.upstreamStatus === 204) continue
        length = Number(value)
        break
      case CONTENT_TYPE:
        hasContentType = true
        break
      case TOKEN:
        if (tokens.sent.has(name.toLowerCase())) continue
        break
      case SERVER:
        server = true
        break
      case KEEP:
        break
    }
    fields.push(name, value)
  }

  if (named !== undefined) dropNamed(fields, named)
  const own = fields.length
  // RFC 9110 section 15.5.22: a client that isn't told the protocol learns nothing from a 426. It is not stored with an answer
  if (upgrade !== undefined) fields.push('Connection', connectionForUpgrade(context), 'Upgrade', upgrade)
  if (tokens.via !== null) {
    fields.push('Via', via === undefined ? `1.1 ${tokens.via}` : `${via}, 1.1 ${tokens.via}`)
    if (!server) fields.push('Server', tokens.server as string)
  } else if (via !== undefined) {
    fields.push('Via', via)
  }
  if (tokens.upstreamLatency !== null) fields.push(tokens.upstreamLatency, String(Math.round(context.headTick - context.proxiedTick)))
  if (tokens.proxyLatency !== null) fields.push(tokens.proxyLatency, String(Math.round(context.proxiedTick - context.startedTick)))
  if (tokens.upstreamStatus !== null) fields.push(tokens.upstreamStatus, String(context.upstreamStatus))
  if (tokens.requestId !== null) fields.push(tokens.requestId, context.id)
  if (context.affinityCookie !== null) fields.push('Set-Cookie', context.affinityCookie)
  if (context.debug !== null) for (const field of debugFields(context)) fields.push(...field)
  return { fields, length, hasContentType, readable, framed: chunked || length >= 0, own, via }
}

/** Removes the fields that `Connection` names. */
export function dropNamed (fields: string[], connection: string): void {
  const names = new Set(connection.toLowerCase().split(',').map(name => name.trim()))
  // it must not take away what frames the message or routes it
  names.delete('content-length')
  names.delete('host')
  let kept = 0
  for (let index = 0; index < fields.length; index += 2) {
    if (names.has((fields[index] as string).toLowerCase())) continue
    fields[kept] = fields[index] as string
    fields[kept + 1] = fields[index + 1] as string
    kept += 2
  }
  fields.length = kept
}
