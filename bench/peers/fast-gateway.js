import { nodePeer } from '../lib/node-peer.js'

export default nodePeer(import.meta.url, {
  name: 'fast-gateway',
  packages: ['fast-gateway'],
  async serve ({ port, upstream }) {
    const { default: gateway } = await import('fast-gateway')
    const server = gateway({ routes: [{ prefix: '', target: `http://127.0.0.1:${upstream}` }] })
    await server.start(port, '127.0.0.1')
  }
})
