import { nodePeer } from '../lib/node-peer.js'

export default nodePeer(import.meta.url, {
  name: '@fastify/http-proxy',
  packages: ['@fastify/http-proxy', 'fastify'],
  async serve ({ port, upstream }) {
    const { default: fastify } = await import('fastify')
    const { default: proxy } = await import('@fastify/http-proxy')
    const app = fastify()
    app.register(proxy, { upstream: `http://127.0.0.1:${upstream}` })
    await app.listen({ host: '127.0.0.1', port })
  }
})
