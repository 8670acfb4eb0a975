/** How much harm another value of a plugin's option can do. */
import type { Difference } from './differences.ts'
import type { Risk } from './change.ts'
import { changes, gains, grows, isUnset, loses, OF_PLUGIN, switched, type Judge, type OptionRules } from './plugin-risks.ts'

/** What {@link optionRisk} has to know of a plugin. */
export interface Judged {
  readonly name: string
  readonly protects?: 'access' | 'limit' | 'content' | undefined
  /** It finds out who calls, or decides about it. */
  readonly authentication?: 'method' | 'policy' | undefined
}

/** Of every plugin: protection that can be switched off. */
const SWITCHES: OptionRules = [
  [/(?:^|\.)(?:tls_verify|ssl_verify|keepalive_verify)$/, switched(false)],
  [/(?:^|\.)allow_insecure$/, switched(true)]
]

/** Of those that protect something. */
const PROTECTION: OptionRules = [[/(?:^|\.)(?:fail_open|fault_tolerant|report_only|dry_run)$/, switched(true)]]

/** Whoever has one of the items passes: the more, the more. None: no rule at all. */
const alternatives: Judge = difference => !isUnset(difference.from) && (isUnset(difference.to) || gains(difference))

/** All of the items are asked for: the fewer, the more. */
const demands: Judge = difference => !isUnset(difference.from) && (isUnset(difference.to) || loses(difference))

/** Of plugins about who may call: the last name on the way to a value decides, and else one before it. */
const GUARDS: OptionRules = [
  [/^(?:hide_credentials|strip_token|enforce_headers|verify_signature|check_revocation|body_required|require_signature)$/, switched(false)],
  [/^(?:skip_.*|allow_.*|credentials|public|consumer_optional)$/, switched(true)],
  // whom it lets in
  [/^(?:allow|allow_all|allowlist|whitelist|origins|issuers|issuers_allowed|audience|algorithms|consumers?_allowed|groups_allowed|methods_allowed|(?:scopes|roles|groups|audience)_required)$/, alternatives],
  [/^(?:deny|denylist|blacklist|claims_to_verify|claims_forbidden|required_.*|(?!(?:scopes|roles|groups|audience)_).*_required)$/, demands],
  [/^except_.*/, difference => !isUnset(difference.to) && (isUnset(difference.from) || gains(difference))],
  // only some are refused now
  [/^(?:anonymous|trigger|default_consumer)$/, ({ from, to }) => isUnset(from) && !isUnset(to)],
  [/^(?:revocation|crl_file)$/, ({ from, to }) => !isUnset(from) && isUnset(to)],
  // for how long
  [/^(?:leeway|clock_skew)$/, grows],
  [/^maximum_expiration$/, ({ from, to }) => typeof from === 'number' && from > 0 && (typeof to !== 'number' || to === 0 || to > from)],
  // whom it asks, and whom it believes
  [/^(?:issuer|jwks|jwks_uri|jwks_endpoint|jwks_file|public_key|introspection_endpoint|introspection_url|discovery|uri|url)$/, ({ from }) => !isUnset(from)],
  // who everybody is
  [/^(?:any_of|all_of|default|mode)$/, changes]
]

const LIMITS: OptionRules = [
  [/^(?:second|minute|hour|day|month|year|limit)$/, ({ from, to }) => typeof from === 'number' && isUnset(to)],
  [/^on_store_error$/, ({ to }) => to === 'allow'],
  // what a caller writes as it likes
  [/^limit_by$/, ({ to }) => to === 'header'],
  [/(?:^|\.)exempt(?:\.|$)/, gains]
]

/** Of a plugin that `protects: 'content'`: how much it lets in. */
const SIZES = /(?:size|limit|max|maximum|depth|length|count)/i

export function optionRisk (difference: Difference, { name, protects, authentication }: Judged): Risk {
  const { path, from, to } = difference
  const whole = path.join('.')
  const last = path.at(-1) ?? ''
  for (const [option, judge] of OF_PLUGIN[name] ?? []) if (option.test(whole)) return judge(difference) ? 'high' : 'medium'
  const isHigh = (rules: OptionRules, words: readonly string[]): boolean => rules.some(([option, judge]) => words.some(word => option.test(word)) && judge(difference))
  if (isHigh(SWITCHES, [whole]) || (protects !== undefined && isHigh(PROTECTION, [whole]))) return 'high'
  if ((authentication !== undefined || protects === 'access') && isHigh(GUARDS, [last, ...path])) return 'high'
  if (protects === 'limit' && isHigh(LIMITS, [last, whole])) return 'high'
  if (protects === 'content' && SIZES.test(last) && typeof from === 'number' && (isUnset(to) || (typeof to === 'number' && to > from))) return 'high'
  return 'medium'
}
