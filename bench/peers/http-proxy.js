import http from 'node:http'
import { nodePeer } from '../lib/node-peer.js'

export default nodePeer(import.meta.url, {
  name: 'http-proxy',
  packages: ['http-proxy'],
  async serve ({ port, upstream }) {
    const { default: httpProxy } = await import('http-proxy')
    // without an agent it closes the upstream connection after each request
    const proxy = httpProxy.createProxyServer({
      target: `http://127.0.0.1:${upstream}`,
      agent: new http.Agent({ keepAlive: true })
    })
    proxy.on('error', (error, request, response) => response.writeHead(502).end(error.code))
    http.createServer((request, response) => proxy.web(request, response)).listen(port, '127.0.0.1')
  }
})
