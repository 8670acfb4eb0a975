import type { IncomingMessage } from 'node:http'

/**
 * A header field that may stand once, as the client sent it: undefined where it is absent, null where it is repeated.
 *
 * Walks the fields as they came: `request.headers` joins repeated ones, or keeps the first and says nothing.
 *
 * @param name in lower case
 */
export function fieldOf ({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): string | null | undefined {
  let value: string | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index] as string
    if (field.length !== name.length || (field !== name && field.toLowerCase() !== name)) continue
    if (value !== undefined) return null
    value = rawHeaders[index + 1] as string
  }
  return value
}
