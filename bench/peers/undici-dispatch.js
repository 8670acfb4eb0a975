import { nodePeer } from '../lib/node-peer.js'

/**
 * The least that undici behind Fastify can do, and what the distance of Sallyport is measured from: one route, no hook,
 * no header rule but the hop-by-hop ones that undici refuses, the body as one Buffer. Not a proxy to use.
 */
export default nodePeer(import.meta.url, {
  name: 'undici dispatch',
  packages: ['undici', 'fastify'],
  async serve ({ port, upstream }) {
    const { default: fastify } = await import('fastify')
    const { Pool } = await import('undici')
    const pool = new Pool(`http://127.0.0.1:${upstream}`, { connections: 128 })

    class Exchange {
      constructor (reply) {
        this.reply = reply
        this.parts = []
      }

      onConnect () {}

      onHeaders (status, headers) {
        const { reply } = this
        reply.code(status)
        for (let index = 0; index < headers.length; index += 2) {
          const name = headers[index].latin1Slice()
          if (name !== 'Connection') reply.header(name, headers[index + 1].latin1Slice())
        }
        return true
      }

      onData (part) {
        this.parts.push(part)
        return true
      }

      onComplete () {
        this.reply.send(this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts))
      }

      onError (error) {
        this.reply.code(502).send({ message: error.code })
      }
    }

    const app = fastify()
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (request, payload, done) => done(null, payload))
    app.all('/*', (request, reply) => {
      const { method, url: path, headers: { connection, ...headers } } = request.raw
      pool.dispatch({ method, path, headers, body: request.body ?? null }, new Exchange(reply))
    })
    await app.listen({ host: '127.0.0.1', port })
  }
})
