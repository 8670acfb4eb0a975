import type { ServerResponse } from 'node:http'

/** What means something at the head of a message alone (RFC 9110 section 6.5.1); what frames one is left out where it is read. */
const HEAD_ONLY = new Set(['authorization', 'cache-control', 'content-encoding', 'content-range', 'content-type', 'host', 'set-cookie', 'te', 'trailer', 'upgrade', 'www-authenticate'])

/** Adds the upstream's trailer fields to a chunked answer. @param trailers name, value, … */
export function addTrailers (response: ServerResponse, trailers: readonly string[]): void {
  const pairs: Array<[string, string]> = []
  for (let index = 0; index < trailers.length; index += 2) {
    const name = trailers[index] as string
    if (!HEAD_ONLY.has(name.toLowerCase())) pairs.push([name, trailers[index + 1] as string])
  }
  if (pairs.length === 0) return
  try {
    response.addTrailers(pairs)
  } catch {
    // a trailer field that Node refuses to write is left out: the body is whole without it
  }
}
