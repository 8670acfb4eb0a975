import { BearerError, insufficientScope } from './bearer-error.ts'

export type Claims = Readonly<Record<string, unknown>>

/** Finds one claim; undefined where there is none. */
export type ClaimReader = (claims: Claims) => unknown

/**
 * Compiles the place of a claim. A name is looked up as it is written first, so that `https://example.com/roles` needs no
 * escaping; where there is no such claim, its dots lead inside: `realm_access.roles`. A list is Kong's form: each item
 * leads one step further.
 */
export function compileClaimPath (path: string | readonly string[]): ClaimReader {
  const steps = (typeof path === 'string' ? [path] : path).map(name => ({ name, inner: name.includes('.') ? name.split('.') : null }))
  return function readClaim (claims) {
    let value: unknown = claims
    for (const { name, inner } of steps) {
      const direct = member(value, name)
      value = direct === undefined && inner !== null ? inner.reduce(member, value) : direct
      if (value === undefined) return undefined
    }
    return value
  }
}

function member (value: unknown, name: string): unknown {
  // own members of objects alone: `constructor` is no claim
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return undefined
  return (value as Claims)[name]
}

/** Scopes, roles or groups: a list, or one text with blanks between. Anything else has none. */
export function wordsOf (value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter(word => word !== '')
  return Array.isArray(value) ? value.filter(item => typeof item === 'string' && item !== '') : []
}

/** What has to be there: one of the alternatives, and all words of it (Kong's form: `["a b", "c"]` is a and b, or c). */
export type Requirement = ReadonlyArray<readonly string[]>

export function compileRequirement (items: readonly string[]): Requirement {
  return items.map(item => item.split(' ').filter(word => word !== ''))
}

/** What is missing of the alternative that misses least, or null when one is met (or there are none). */
export function missingWords (required: Requirement, have: readonly string[]): readonly string[] | null {
  let least: readonly string[] | null = null
  for (const words of required) {
    const missing = words.filter(word => !have.includes(word))
    if (missing.length === 0) return null
    if (least === null || missing.length < least.length) least = missing
  }
  return least
}

/** 403 with the missing scope, or null. */
export function checkScopes (required: Requirement, scopes: readonly string[]): BearerError | null {
  const missing = missingWords(required, scopes)
  if (missing === null) return null
  const enough = required.find(words => missing.every(word => words.includes(word))) as readonly string[]
  return insufficientScope(`Missing required scope: ${missing.join(' ')}`, enough.join(' '))
}

/** 403 with the missing role, or null. */
export function checkRoles (required: Requirement, roles: readonly string[]): BearerError | null {
  const missing = missingWords(required, roles)
  return missing === null ? null : insufficientScope(`Missing required role: ${missing.join(' ')}`)
}

/** A header field made of a claim. */
export interface ClaimHeader {
  readonly header: string
  readonly read: ClaimReader
}

/** @param headers name of the field to the place of the claim */
export function compileClaimHeaders (headers: Readonly<Record<string, string | readonly string[]>>): readonly ClaimHeader[] {
  return Object.entries(headers).map(([header, claim]) => ({ header, read: compileClaimPath(claim) }))
}

/** The header fields for the upstream, as text. Claims that the token doesn't have give none. */
export function claimFields (claims: Claims, headers: readonly ClaimHeader[]): ReadonlyArray<readonly [name: string, value: string]> {
  const fields: Array<readonly [string, string]> = []
  for (const { header, read } of headers) {
    const value = fieldText(read(claims))
    if (value !== null) fields.push([header, value])
  }
  return fields
}

/** As text: lists joined by commas, objects as JSON. null: there is nothing to send. */
function fieldText (value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return typeof value === 'object' ? JSON.stringify(value) : String(value)
  return value.map(listItem).join(',')
}

/** A comma inside an item must not look like two items: the role `a,admin` is not the role `admin`. */
function listItem (item: unknown): string {
  const text = typeof item === 'string' ? item : JSON.stringify(item)
  return text.replaceAll('%', '%25').replaceAll(',', '%2C')
}
