import { type GatewayError, type Identity, refuse, type Static } from '../../src/plugin.ts'
import type { Requirement as RequirementSchema } from './schema.ts'

/** One item of a policy, ready to be asked. */
export interface Requirement {
  readonly plugin: string
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  /** One of each list will do. */
  readonly any: boolean
}

export function readRequirement (item: Static<typeof RequirementSchema>): Requirement {
  if (typeof item === 'string') return { plugin: item, scopes: [], roles: [], any: false }
  const { plugin, scopes = [], roles = [], match } = item
  return { plugin, scopes, roles, any: match === 'any' }
}

/** What the caller lacks, as the answer that says so; null: nothing. */
export function shortfall ({ scopes, roles, any }: Requirement, identity: Identity): GatewayError | null {
  const scopesMissing = missing(scopes, identity.scopes, any)
  if (scopesMissing.length > 0) return insufficient('scope', scopesMissing, any, identity)
  const rolesMissing = missing(roles, identity.roles, any)
  return rolesMissing.length > 0 ? insufficient('role', rolesMissing, any, identity) : null
}

function missing (wanted: readonly string[], held: readonly string[], any: boolean): readonly string[] {
  const lacking = wanted.filter(name => !held.includes(name))
  return any && lacking.length < wanted.length ? [] : lacking
}

function insufficient (what: 'scope' | 'role', names: readonly string[], any: boolean, identity: Identity): GatewayError {
  const message = names.length === 1
    ? `Missing required ${what}: ${names[0]}`
    : `Missing ${any ? 'one of the' : 'the'} required ${what}s: ${names.join(', ')}`
  // RFC 6750 section 3.1 is about tokens: whoever came with something else has no use for it
  if (identity.claims === null) return refuse(403, message, { code: 'SP_AUTH_POLICY' })
  const scope = what === 'scope' ? `, scope="${names.filter(isScopeToken).join(' ')}"` : ''
  return refuse(403, message, { code: 'SP_AUTH_POLICY', challenge: `Bearer error="insufficient_scope"${scope}` })
}

/** What may stand in a quoted `scope` (RFC 6749 section 3.3). */
function isScopeToken (name: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name)
}
