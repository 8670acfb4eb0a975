import type { ServerResponse } from 'node:http'

/** Adds the upstream's trailer fields to a chunked answer. @param trailers name, value, … */
export function addTrailers (response: ServerResponse, trailers: readonly string[]): void {
  const pairs: Array<[string, string]> = []
  for (let index = 0; index < trailers.length; index += 2) pairs.push([trailers[index] as string, trailers[index + 1] as string])
  try {
    response.addTrailers(pairs)
  } catch {
    // a trailer field that Node refuses to write is left out: the body is whole without it
  }
}
