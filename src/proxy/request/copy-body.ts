import type { Readable } from 'node:stream'

/** A body that has gone up: whole, or why there is no copy. */
export type CopiedBody = Buffer | null | 'too_large' | 'cut'

/**
 * Keeps a copy of a body while it goes up, up to a limit. Neither the client nor the upstream waits for it: whoever reads the
 * stream sets the pace.
 *
 * @param done called once; with null for no body
 */
export function copyBody (body: Buffer | Readable | null, declared: string | undefined, limit: number, done: (copy: CopiedBody) => void): void {
  if (body === null || Buffer.isBuffer(body)) {
    done(body !== null && body.length > limit ? 'too_large' : body)
    return
  }
  if (declared !== undefined && Number(declared) > limit) {
    done('too_large')
    return
  }
  const stream = body
  let chunks: Buffer[] = []
  let size = 0
  function onData (given: Buffer | string): void {
    const chunk = typeof given === 'string' ? Buffer.from(given) : given
    size += chunk.length
    if (size > limit) finish('too_large')
    else chunks.push(chunk)
  }
  const onEnd = (): void => finish(Buffer.concat(chunks, size))
  const onClose = (): void => finish('cut')
  function finish (copy: CopiedBody): void {
    stream.off('newListener', onListener)
    stream.off('data', onData)
    stream.off('end', onEnd)
    stream.off('close', onClose)
    chunks = []
    done(copy)
  }
  // to listen for data makes a stream flow, before the connection is there that shall get it: so not before it is read
  function onListener (event: string | symbol): void {
    if (event !== 'data') return
    stream.off('newListener', onListener)
    stream.on('data', onData)
  }
  stream.on('newListener', onListener)
  stream.on('end', onEnd)
  stream.on('close', onClose)
}
