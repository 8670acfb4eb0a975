import { ArgumentList, fieldOf, type FastifyRequest, MultipartForm, parseJsonObject, toText } from '../../src/plugin.ts'

/** Name and value of a field of the request, as text; null: a value that is none. */
type Field = readonly [name: string, value: string | null]

/**
 * Finds the account that a login is about, by the field that names it.
 *
 * Whoever guesses passwords wants the service to read an account where the gateway reads another one or none. So a field
 * whose name is nearly the right one counts (some servers don't look at case, dots or brackets), a second one makes it
 * unclear which counts, and what can't be read for sure names no account.
 *
 * @returns the name, in the one spelling of all that look or compare alike; null: the request doesn't say it plainly;
 *   undefined: it is no login, since it has neither body nor such a field
 */
export function createAccountFinder (field: string): (request: FastifyRequest) => Promise<string | null | undefined> {
  const bare = bareName(field)
  const similar = ([name]: Field): boolean => bareName(name) === bare

  return async function findAccount ({ raw, gateway }) {
    const mark = gateway.target.indexOf('?')
    const inQuery = mark === -1 ? [] : argumentFields(gateway.target.slice(mark + 1)).filter(similar)
    const body = await gateway.readBody()
    if (body === null && inQuery.length === 0) return /^(?:GET|HEAD|OPTIONS)$/.test(gateway.method) ? undefined : null
    const inBody = body === null ? [] : bodyFields(body, fieldOf(raw, 'content-type'), fieldOf(raw, 'content-encoding'))?.filter(similar)
    if (inBody === undefined) return null
    const [found, ...others] = [...inQuery, ...inBody]
    if (found === undefined || others.length > 0 || found[0] !== field || found[1] === null) return null
    return plainName(found[1]) || null
  }
}

/** null: it can't be read, or not for sure. */
function bodyFields (body: Buffer, contentType: string | null | undefined, coding: string | null | undefined): Field[] | null {
  if (typeof contentType !== 'string' || coding !== undefined) return null
  const [type = ''] = contentType.toLowerCase().split(';')
  // in another charset one account has as many spellings as one likes
  if (!/^(?:utf-?8|us-ascii)$/.test(/charset\s*=\s*"?([^\s";]*)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8')) return null
  switch (type.trim()) {
    case 'application/json': return jsonFields(body)
    case 'application/x-www-form-urlencoded': {
      const text = body.toString('latin1')
      // a server that doesn't look at the type would read it as JSON
      return /^\s*[[{]/.test(text) ? null : argumentFields(text)
    }
    case 'multipart/form-data': return partFields(body.toString('latin1'), contentType)
    default: return null
  }
}

function jsonFields (body: Buffer): Field[] | null {
  const members = parseJsonObject(body)
  if (members === null) return null
  return Object.entries(members).map(([name, value]) => [name, typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null])
}

/** Some servers still take a semicolon for a separator (HTML 4.01 appendix B.2.2). */
function argumentFields (text: string): Field[] {
  return ArgumentList.parse(text.replaceAll(';', '&')).entries().map(([name, value]) => [toText(name), value === null ? null : toText(value)])
}

function partFields (text: string, contentType: string): Field[] | null {
  // parts whose content or name is encoded again: nobody who logs in sends them
  if (/content-transfer-encoding|name\*/i.test(text)) return null
  return MultipartForm.parse(text, contentType)?.entries().map(([name, value]) => [toText(name), toText(value)]) ?? null
}

function bareName (name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
}

/** Without what many databases don't tell apart: case, accents, width, blanks, what can't be seen. */
function plainName (text: string): string {
  return text.normalize('NFKD').replace(/[\p{M}\p{C}\p{Z}]/gu, '').toLowerCase()
}
