import type { Context } from '../../gateway/context.ts'

/** Value of a cookie that the client has sent (RFC 6265 section 4.2); null where it hasn't, or where it is empty. */
export function cookieValue (context: Context, name: string): string | null {
  const { headers } = context.upstream as NonNullable<Context['upstream']>
  if (headers.get('cookie') === undefined) return null
  for (const field of headers.getAll('cookie')) {
    for (const pair of field.split(';')) {
      const equals = pair.indexOf('=')
      if (equals === -1 || pair.slice(0, equals).trim() !== name) continue
      const value = pair.slice(equals + 1).trim()
      if (value !== '') return value
    }
  }
  return null
}

/** Puts a cookie on the answer, if the upstream gives one. A later attempt of the request may put another one in its place. */
export function setCookie (context: Context, name: string, value: string, path: string): void {
  context.affinityCookie = `${name}=${value}; Path=${path}; SameSite=Lax; HttpOnly${context.scheme === 'https' ? '; Secure' : ''}`
}
