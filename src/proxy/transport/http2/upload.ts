import type { ClientHttp2Stream } from 'node:http2'
import type { Readable } from 'node:stream'
import { failure } from '../failure.ts'

/**
 * Writes a request's body into its stream as it comes, as fast as the upstream takes it.
 *
 * Not by `pipeline`: that destroys a stream at its `aborted`, which comes before its reset is written. With the reset never
 * written, Node's session goes on asking a stream that is gone for data, and writes empty frames without an end.
 *
 * @param failed the body has broken off: the request must not look whole
 */
export function upload (body: Readable, stream: ClientHttp2Stream, failed: (error: Error) => void): void {
  const onData = (given: unknown): void => {
    // a plugin's stream may hand over text
    const chunk = typeof given === 'string' ? Buffer.from(given) : given
    if (!(chunk instanceof Uint8Array)) failed(failure('UND_ERR_INVALID_ARG', 'the body is neither bytes nor text'))
    else if (!stream.closed && !stream.write(chunk)) body.pause()
  }
  const onDrain = (): void => { body.resume() }
  const onEnd = (): void => { stream.end() }
  const onClose = (): void => {
    if (!body.readableEnded) failed(body.errored ?? failure('UND_ERR_ABORTED', 'the body has broken off'))
  }
  body.on('error', failed)
  body.on('end', onEnd)
  body.on('close', onClose)
  body.on('data', onData)
  stream.on('drain', onDrain)
  stream.once('close', () => {
    body.off('data', onData)
    body.off('end', onEnd)
    body.off('close', onClose)
    // nobody wants what is left
    if (!body.readableEnded) body.destroy()
  })
  if (body.destroyed && !body.readableEnded) setImmediate(onClose)
}
