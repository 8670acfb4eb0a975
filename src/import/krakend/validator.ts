import type { Item, Place } from '../draft.ts'
import { isItem, texts } from '../structured.ts'
import { addEntry, closeOwner, type Owner } from './owner.ts'

/** Read below, or meaningless here: how keys are cached, and what is logged. */
const KNOWN: ReadonlySet<string> = new Set(['alg', 'issuer', 'audience', 'jwk_url', 'roles', 'roles_key', 'roles_key_is_nested', 'scopes', 'scopes_key', 'scopes_matcher', 'cookie_key', 'propagate_claims', 'disable_jwk_security', 'leeway',
  'cache', 'cache_duration', 'key_identify_strategy', 'operation_debug', 'failed_jwk_key_cooldown', 'unknown_keys_ttl', 'cypher_suites', 'cipher_suites', '@comment', '$schema'])

/** auth/validator: an option that isn't known may make it stricter. */
export function validator (owner: Owner, config: Item, place: Place, name: string): void {
  const odd = Object.entries(config).find(([key, value]) => !KNOWN.has(key) && value !== false && value !== null && value !== '')
  if (odd !== undefined) return closeOwner(owner, name, `\`${odd[0]}\` can't be said.`, place)
  const audience = texts(config['audience'])
  // all of them there, one of them here
  if (audience.length > 1) return closeOwner(owner, name, 'several audiences that a token must all have can\'t be said.', place)
  if (typeof config['jwk_url'] !== 'string') return closeOwner(owner, name, 'it has no `jwk_url`.', place)
  const scopes = texts(config['scopes'])
  const claims = Array.isArray(config['propagate_claims']) ? config['propagate_claims'].filter((pair): pair is [string, string] => Array.isArray(pair) && pair.length === 2) : []
  addEntry(owner, 'jwt', {
    ...(typeof config['issuer'] === 'string' ? { issuer: config['issuer'] } : {}),
    ...(audience.length === 0 ? {} : { audience }),
    jwks_uri: config['jwk_url'],
    algorithms: [String(config['alg'] ?? 'RS256')],
    ...(config['disable_jwk_security'] === true ? { allow_insecure: true } : {}),
    ...(typeof config['cookie_key'] === 'string' ? { cookie_names: [config['cookie_key']] } : {}),
    uri_param_names: [],
    ...required('roles', texts(config['roles']), pathOf(config['roles_key'] ?? 'roles', config['roles_key_is_nested'] === true)),
    ...(scopes.length === 0 ? {} : required('scopes', config['scopes_matcher'] === 'all' ? [scopes.join(' ')] : scopes, pathOf(config['scopes_key'] ?? 'scope', true))),
    ...(claims.length === 0 ? {} : { claims_to_headers: Object.fromEntries(claims.map(([claim, header]) => [header, claim])) })
  })
  if (!isItem(config['leeway']) && typeof config['leeway'] === 'string') owner.draft.tell('changed', `${owner.what}.${name}.leeway`, 'clocks may differ by 30 seconds: write `leeway` for another time.', place, owner.item)
}

function required (kind: 'roles' | 'scopes', items: readonly string[], claim: readonly string[]): Item {
  return items.length === 0 ? {} : { [`${kind}_required`]: items, [`${kind}_claim`]: claim }
}

function pathOf (key: unknown, nested: boolean): string[] {
  return nested ? String(key).split('.') : [String(key)]
}
