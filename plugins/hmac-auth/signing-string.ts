import type { FastifyRequest } from '../../src/plugin.ts'

/**
 * What the client has signed: a line for each name, as the client sent it, never as the gateway has normalised it.
 *
 * @returns bytes, one character each; null where a field that was signed is repeated: which one was it?
 */
export function signingString ({ raw, gateway: { method, target } }: FastifyRequest, names: readonly string[]): string | null {
  const fields = readFields(raw.rawHeaders)
  const lines = []
  for (const name of names) {
    // not before these two: a client could send a field of that name, and sign it in place of the request
    if (name === 'request-line') {
      lines.push(`${method} ${target} HTTP/${raw.httpVersion}`)
    } else if (name === '@request-target') {
      lines.push(`@request-target: ${method.toLowerCase()} ${target}`)
    } else {
      const value = fields.get(name.toLowerCase())
      if (value === null) return null
      lines.push(value === undefined ? `${name}:` : `${name}: ${value}`)
    }
  }
  return lines.join('\n')
}

/** Fields by name in lower case; null for one that is repeated. */
function readFields (rawHeaders: readonly string[]): Map<string, string | null> {
  const fields = new Map<string, string | null>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase()
    fields.set(name, fields.has(name) ? null : rawHeaders[index + 1] as string)
  }
  return fields
}
