import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import helmet from 'helmet'
import { splitPair, type Static } from '../../src/plugin.ts'
import type { SecurityHeaders } from './schema.ts'

export type Config = Static<typeof SecurityHeaders>
export type Field = readonly [name: string, value: string]

export const HSTS = 'Strict-Transport-Security'

/** What of helmet's set says something to clients that show no pages. */
const API = {
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  frameguard: { action: 'deny' as const },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  dnsPrefetchControl: false,
  ieNoOpen: false,
  xssFilter: false
}

/**
 * All fields that an entry sends on https, made once: helmet itself builds and checks them again for each request.
 */
export function fieldsOf (config: Config): Field[] {
  const fields = new Map<string, Field>()
  const set = (name: string, value: string): unknown => fields.set(name.toLowerCase(), [name, value])

  for (const [name, value] of presetFields(config)) set(name, value)
  for (const name of config.without) fields.delete(name.toLowerCase())
  if (config.content_security_policy !== undefined) set('Content-Security-Policy', config.content_security_policy)
  if (config.frame_options !== undefined) set('X-Frame-Options', config.frame_options)
  if (config.referrer_policy !== undefined) set('Referrer-Policy', config.referrer_policy)
  if (config.permissions_policy !== undefined) set('Permissions-Policy', config.permissions_policy)
  for (const pair of config.headers) {
    const [name, value] = splitPair(pair)
    // Node writes one byte a character
    set(name, Buffer.from(value.trim()).toString('latin1'))
  }
  return [...fields.values()]
}

function presetFields ({ preset, hsts }: Config): Field[] {
  const strictTransportSecurity = hsts.enabled ? { maxAge: hsts.max_age, includeSubDomains: hsts.include_subdomains, preload: hsts.preload } : false
  if (preset === 'none') return hsts.enabled ? written({ strictTransportSecurity }).filter(([name]) => name === HSTS) : []
  return written(preset === 'api' ? { ...API, strictTransportSecurity } : { strictTransportSecurity })
}

/** What helmet writes on an answer. */
function written (options: Parameters<typeof helmet>[0]): Field[] {
  const fields: Field[] = []
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  response.setHeader = (name, value) => {
    fields.push([name, String(value)])
    return response
  }
  helmet(options)(request, response, () => {})
  return fields
}

/** On http browsers must ignore it, and servers must not send it (RFC 6797 sections 7.2 and 8.1). */
export function withoutTransport (fields: readonly Field[]): Field[] {
  return fields.filter(([name]) => name.toLowerCase() !== HSTS.toLowerCase())
}
