import { Transform } from 'node:stream'
import { definePlugin, GatewayError } from '../../src/plugin.ts'
import { type Config, RequestSizeLimiting } from './schema.ts'

const BYTES: Readonly<Record<Config['size_unit'], number>> = { megabytes: 1_048_576, kilobytes: 1024, bytes: 1 }

export default definePlugin({
  name: 'request-size-limiting',
  // after authentication, before everything that counts or reads
  priority: 951,
  schema: RequestSizeLimiting,
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'content',
  register (scope, { config }) {
    const limit = config.allowed_payload_size * BYTES[config.size_unit]

    scope.addHook('onRequest', function requestSizeLimiting ({ headers }) {
      const { 'content-length': length, 'transfer-encoding': coding } = headers
      // framing that is malformed or twofold has been refused before
      if (length === undefined) {
        if (coding === undefined && config.require_content_length) throw new GatewayError('SP_LENGTH_REQUIRED', 411, 'A valid Content-Length header is required')
      } else if (Number(length) > limit) {
        throw tooLarge(headers.expect?.toLowerCase() === '100-continue' ? 417 : 413)
      }
    })

    scope.addHook('preParsing', async function requestSizeCounting ({ headers }, _reply, payload) {
      // Node lets no body be longer than its Content-Length
      if (headers['content-length'] !== undefined) return payload
      let size = 0
      const counter = new Transform({
        transform (chunk: Buffer, _encoding, done) {
          size += chunk.length
          if (size > limit) done(tooLarge(413))
          else done(null, chunk)
        }
      })
      // it may break off before anybody reads it: who does, asks whether it has, and nobody is told of it before
      counter.on('error', () => {})
      payload.once('error', error => counter.destroy(error))
      return payload.pipe(counter)
    })
  }
})

function tooLarge (status: number): GatewayError {
  return new GatewayError('SP_BODY_TOO_LARGE', status, 'Request size limit exceeded')
}
