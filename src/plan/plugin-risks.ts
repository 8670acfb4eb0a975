/** Options of built-in plugins whose names alone don't say which way lets more through. */
import { AddressSet } from '../plugin-kit/address-set.ts'
import type { Difference } from './differences.ts'

/** Whether a difference lets more through, or more out. */
export type Judge = (difference: Difference) => boolean

/** The first option that fits decides. */
export type OptionRules = ReadonlyArray<readonly [option: RegExp, judge: Judge]>

export function isUnset (value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

export const changes: Judge = () => true

export const switched = (to: boolean): Judge => difference => difference.to === to

/** A list has items that it didn't have; what is no list of plain values may have. */
export const gains: Judge = ({ to, added }) => !isUnset(to) && (added?.length ?? 1) > 0

export const loses: Judge = ({ from, removed }) => !isUnset(from) && (removed?.length ?? 1) > 0

export const grows: Judge = ({ from, to }) => typeof from === 'number' && typeof to === 'number' && to > from

/** @param order the strictest first */
const slackens = (...order: readonly string[]): Judge => ({ from, to }) => order.indexOf(String(to)) > order.indexOf(String(from))

const becomes = (value: unknown): Judge => ({ to }) => to === value

const isGone: Judge = ({ to }) => isUnset(to)

/** Whether a list of networks holds addresses that the other one doesn't. */
export function isWider (from: unknown, to: unknown): boolean {
  if (!Array.isArray(from) || !Array.isArray(to)) return true
  try {
    const known = AddressSet.of(from as string[])
    return to.some(network => {
      const [address = '', prefix] = String(network).split('/')
      if (known.has(address) !== true) return true
      // a range that begins inside may end outside: narrower ones of the list are surely inside
      return !from.includes(network) && prefix !== undefined && !from.some(one => Number(String(one).split('/')[1] ?? 128) <= Number(prefix) && AddressSet.of([String(one)]).has(address) === true)
    })
  } catch {
    return true
  }
}

const CACHE: OptionRules = [
  [/^vary_by_consumer$|^cache_control$/, switched(false)],
  [/^(?:private_headers|vary_headers|vary_query_params)(?:\.|$)/, loses],
  [/^set_cookie$/, becomes('strip')],
  [/^bypass_on_err$/, switched(false)]
]

const CERTIFICATES: OptionRules = [
  [/^revocation_check_mode$/, slackens('STRICT', 'IGNORE_CA_ERROR', 'SKIP')],
  [/^ca_certificates$/, gains],
  [/^secure_source$/, switched(false)]
]

/** By plugin, and the way to the option. */
export const OF_PLUGIN: Readonly<Record<string, OptionRules>> = {
  // without `origins` any page may read
  cors: [
    [/^origins$/, difference => isUnset(difference.to) || (!isUnset(difference.from) && gains(difference))],
    [/^(?:credentials|private_network)$/, switched(true)]
  ],
  'ip-restriction': [
    [/^allow$/, ({ from, to }) => !isUnset(from) && (isUnset(to) || isWider(from, to))],
    [/^deny$/, ({ from, to }) => !isUnset(from) && (isUnset(to) || isWider(to, from))]
  ],
  // exceptions, and not all that may pass
  'bot-detection': [[/^allow$/, gains]],
  csrf: [[/^origins$/, gains]],
  'hmac-auth': [
    [/^validate_request_body$/, switched(false)],
    [/^enforce_headers$/, loses]
  ],
  'mtls-auth': CERTIFICATES,
  'header-cert-auth': CERTIFICATES,
  'oas-validator': [
    [/^(?:request|response)$/, slackens('block', 'log', 'off')],
    [/^unknown_/, slackens('block', 'log', 'pass')],
    [/^allow_duplicate_members$/, switched(true)]
  ],
  'request-validator': [
    [/^(?:body_schema|parameter_schema)$/, isGone],
    [/^allowed_content_types$/, gains],
    [/^content_type_parameter_validation$/, switched(false)],
    [/^allow_duplicate_members$/, switched(true)]
  ],
  'graphql-guard': [
    [/^(?:introspection|mutations_by_get|multipart)$/, switched(true)],
    [/^websockets$/, becomes('pass')],
    [/^documents$/, isGone],
    [/^only_documents$/, switched(false)]
  ],
  'proxy-cache': CACHE,
  'graphql-proxy-cache': CACHE,
  // what clients send in these names reaches the service
  'request-transformer': [[/^remove(?:\.|$)/, loses]],
  // a thing may be done twice
  retry: [[/^methods$/, ({ added }) => added?.some(method => method === 'POST' || method === 'PATCH') ?? false]],
  // credentials go to a second service
  mirror: [[/^remove_headers$/, loses]]
}
