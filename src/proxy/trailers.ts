import type { ServerResponse } from 'node:http'

/** Adds the upstream's trailer fields to a chunked answer. */
export function addTrailers (response: ServerResponse, trailers: ReadonlyArray<Buffer | string>): void {
  const pairs: Array<[string, string]> = []
  for (let index = 0; index < trailers.length; index += 2) {
    pairs.push([text(trailers[index] as Buffer | string), text(trailers[index + 1] as Buffer | string)])
  }
  try {
    response.addTrailers(pairs)
  } catch {
    // a trailer field that Node refuses to write is left out: the body is whole without it
  }
}

function text (value: Buffer | string): string {
  return typeof value === 'string' ? value : value.toString('latin1')
}
