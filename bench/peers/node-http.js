import http from 'node:http'
import { nodePeer } from '../lib/node-peer.js'

/** The least that Node's own client and server can do: no header is looked at. */
export default nodePeer(import.meta.url, {
  name: 'node:http',
  packages: [],
  serve ({ port, upstream }) {
    const agent = new http.Agent({ keepAlive: true })
    http.createServer((request, response) => {
      const { method, url: path, headers } = request
      const sent = http.request({ host: '127.0.0.1', port: upstream, method, path, headers, agent }, received => {
        response.writeHead(received.statusCode, received.headers)
        received.pipe(response)
      })
      sent.on('error', () => response.writeHead(502).end())
      request.pipe(sent)
    }).listen(port, '127.0.0.1')
  }
})
