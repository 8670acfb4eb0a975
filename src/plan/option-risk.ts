/** How much harm another value of a plugin's option can do. */
import type { Difference } from './differences.ts'
import type { Risk } from './change.ts'

/** Option names across plugins, by which way lets more through. The last name on the way to a value decides, and else one before it. */
const LOOSER: ReadonlyArray<{ readonly names: RegExp, readonly when: (difference: Difference) => boolean }> = [
  // protection that can be switched off
  { names: /^(?:tls_verify|ssl_verify|keepalive_verify|hide_credentials|strip_token|enforce_headers|verify_signature|check_revocation|body_required|require_signature)$/, when: ({ to }) => to === false },
  { names: /^(?:fail_open|allow_insecure|fault_tolerant|report_only|dry_run|skip_.*|allow_.*|credentials|public|log_bodies)$/, when: ({ to }) => to === true },
  // whom it lets in
  { names: /^(?:allow|allow_all|allowlist|whitelist|origins|issuers|audience|algorithms|consumers?_allowed|groups_allowed|methods_allowed)$/, when: ({ from, to, added }) => isUnset(to) || (!isUnset(from) && (added?.length ?? 1) > 0) },
  { names: /^(?:deny|denylist|blacklist|claims_to_verify|required_claims|scopes_required|roles_required|required_.*|.*_required)$/, when: ({ from, removed, to }) => !isUnset(from) && (isUnset(to) || (removed?.length ?? 1) > 0) },
  { names: /^except_.*/, when: ({ from, to, added }) => !isUnset(to) && (isUnset(from) || (added?.length ?? 1) > 0) },
  // only some are refused now
  { names: /^(?:anonymous|trigger)$/, when: ({ from, to }) => isUnset(from) && !isUnset(to) },
  { names: /^(?:issuer|jwks_uri|jwks_file|public_key|introspection_endpoint|discovery|uri)$/, when: ({ from }) => !isUnset(from) },
  // who everybody is
  { names: /^(?:any_of|all_of|default|mode)$/, when: () => true }
]

/** Of a plugin that `protects: 'content'`: how much it lets in. */
const SIZES = /(?:size|limit|max|maximum|depth|length|count)/i

/**
 * @param guards whether the plugin is about who may call: for others, no option is one that lets callers in
 */
export function optionRisk (difference: Difference, protects: string | undefined, authenticates: boolean): Risk {
  const guards = authenticates || protects === 'access'
  const { path, from, to } = difference
  const last = path.at(-1) ?? ''
  const switches = LOOSER.slice(0, 2)
  for (const { names, when } of guards ? LOOSER : switches) {
    const named = names.test(last) || (guards && path.some(step => names.test(step)))
    if (named && when(difference)) return guards || /verify|insecure/.test(last) || (protects !== undefined && /^(?:fail_open|fault_tolerant|report_only|dry_run)$/.test(last)) ? 'high' : 'medium'
  }
  if (protects === 'content' && SIZES.test(last) && typeof from === 'number' && (to === undefined || to === null || (typeof to === 'number' && to > from))) return 'high'
  return 'medium'
}

function isUnset (value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}
