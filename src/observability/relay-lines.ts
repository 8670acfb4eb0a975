import type { Destination } from './destination.ts'

const NEWLINE = 10

/** Passes on whole lines only, so that those of several processes don't tear each other. */
export function relayLines (from: NodeJS.ReadableStream, to: Pick<Destination, 'writeLines'>): void {
  let rest: Buffer[] = []
  from.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end === 0) {
      rest.push(chunk)
      return
    }
    to.writeLines(rest.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...rest, chunk.subarray(0, end)]))
    rest = end === chunk.length ? [] : [chunk.subarray(end)]
  })
  // what a process that was killed has not finished is no line
  from.on('error', () => {})
}
