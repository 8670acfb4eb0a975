type Claims = Readonly<Record<string, unknown>>

/**
 * Reads groups from a claim: a list, or a text with blanks between them. The name is looked up as it stands first, since
 * providers use addresses as names; else its dots lead into objects.
 */
export function createClaimReader (path: string): (claims: Claims) => readonly string[] {
  const steps = path.split('.')
  return function readClaim (claims) {
    const value = Object.hasOwn(claims, path) ? claims[path] : steps.reduce<unknown>(member, claims)
    if (typeof value === 'string') return value.split(' ').filter(group => group !== '')
    return Array.isArray(value) ? value.filter(group => typeof group === 'string' && group !== '') : []
  }
}

function member (value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Claims)[name] : undefined
}
