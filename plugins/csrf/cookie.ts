import type { IncomingMessage } from 'node:http'

/**
 * Value of a cookie; null where several of that name say different things: a sibling's host has set one of them.
 *
 * @returns undefined: there is none
 */
export function cookieOf ({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): string | null | undefined {
  let found: string | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index] as string
    if (field.length !== 6 || field.toLowerCase() !== 'cookie') continue
    for (const part of (rawHeaders[index + 1] as string).split(';')) {
      const equals = part.indexOf('=')
      if (equals === -1 || part.slice(0, equals).trim() !== name) continue
      const value = part.slice(equals + 1).trim()
      if (found !== undefined && found !== value) return null
      found = value
    }
  }
  return found
}
