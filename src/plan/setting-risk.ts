/** How much harm another value of a setting in `gateway:` can do. */
import type { Risk } from './change.ts'
import type { Difference } from './differences.ts'
import { isWider } from './plugin-risks.ts'

/** The more, the more is let through. */
const PATH_ACTIONS = ['reject', 'keep_if_safe', 'decode', 'keep']
const UNDERSCORES = ['reject', 'drop', 'keep']
const CLIENT_CERTIFICATES = ['require', 'request', 'none']

/** Settings by the way to them, first that fits. What is in none is `medium`. */
const RULES: ReadonlyArray<{ readonly path: RegExp, readonly risk: (difference: Difference) => Risk }> = [
  // 0: no limit
  { path: /^limits\.connections_per_address$/, risk: ({ from, to }) => from !== 0 && (to === 0 || grows(from, to)) ? 'high' : 'medium' },
  { path: /^limits\./, risk: ({ from, to }) => grows(from, to) ? 'high' : 'medium' },
  { path: /^trusted_ips$|^exempt\.ips$/, risk: ({ from, to }) => isWider(from, to) ? 'high' : 'medium' },
  { path: /^exempt\.paths$/, risk: ({ added, to }) => (added ?? to as unknown[]).length > 0 ? 'high' : 'medium' },
  { path: /path_policy(?:\.|$)/, risk: ({ from, to }) => typeof from === 'object' || typeof to === 'object' || rises(PATH_ACTIONS, from, to) ? 'high' : 'medium' },
  { path: /^request_headers\.underscores$/, risk: ({ from, to }) => rises(UNDERSCORES, from, to) ? 'high' : 'medium' },
  { path: /^request_headers\.once$|^log\.redact$/, risk: ({ removed }) => (removed?.length ?? 1) > 0 ? 'high' : 'low' },
  { path: /^log\.access$/, risk: ({ to }) => to === false ? 'medium' : 'low' },
  { path: /^overload\./, risk: ({ from, to }) => to === 0 && from !== 0 ? 'high' : 'medium' },
  { path: /^admin\.host$/, risk: ({ to }) => isLoopback(to) ? 'medium' : 'high' },
  { path: /^admin$/, risk: ({ to }) => isLoopback((to as { host?: unknown } | null)?.host ?? 'localhost') ? 'medium' : 'high' },
  { path: /^admin\.token$/, risk: ({ to }) => to === null || to === undefined ? 'high' : 'medium' },
  { path: /^listen\.tls$/, risk: ({ to }) => to === false ? 'high' : 'medium' },
  { path: /^listen\.host$/, risk: ({ to }) => isLoopback(to) ? 'medium' : 'high' },
  { path: /^listen\.min_version$/, risk: ({ to }) => to === 'TLSv1.2' ? 'high' : 'medium' },
  { path: /^listen\.ciphers$/, risk: ({ added }) => (added?.length ?? 1) > 0 ? 'high' : 'medium' },
  { path: /^listen\.client_certificate$/, risk: ({ from, to }) => rises(CLIENT_CERTIFICATES, from, to) ? 'high' : 'medium' },
  { path: /^(?:log|headers|workers|shutdown)\b/, risk: () => 'low' }
]

/** @param path from `gateway` to the setting */
export function settingRisk (path: readonly string[], difference: Difference): Risk {
  const words = path.join('.')
  return RULES.find(rule => rule.path.test(words))?.risk(difference) ?? 'medium'
}

export function isLoopback (host: unknown): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (typeof host === 'string' && host.startsWith('127.'))
}

function grows (from: unknown, to: unknown): boolean {
  return typeof from !== 'number' || typeof to !== 'number' || to > from
}

function rises (order: readonly string[], from: unknown, to: unknown): boolean {
  return order.indexOf(String(to)) > order.indexOf(String(from))
}
