import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from '../helpers/package-root.ts'
import { ask } from '../helpers/running.ts'
import { serveFile } from '../helpers/serve-file.ts'

t.test('the example shares the work 2 : 1, and goes on with the third when both are gone', async t => {
  const counts = [0, 0, 0]
  const servers = await Promise.all(counts.map(async (_, index) => {
    const server = createServer((_, response) => {
      counts[index] = (counts[index] as number) + 1
      response.end('ok')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => { server.close(); server.closeAllConnections() })
    return server
  }))
  const text = readFileSync(join(packageRoot, 'examples/load-balancing.yaml'), 'utf8').replace(/^_format_version.*\n/m, '')
  const { port } = await serveFile(t, text.replace(/127\.0\.0\.1:300([123])/g, (_, nth) => `127.0.0.1:${(servers[Number(nth) - 1]?.address() as AddressInfo).port}`))
  for (let nth = 0; nth < 9; nth++) t.equal((await ask(port, '/users')).status, 200)
  t.strictSame(counts, [6, 3, 0])
  for (const server of servers.slice(0, 2)) {
    server.close()
    server.closeAllConnections()
  }
  for (let nth = 0; nth < 5; nth++) t.equal((await ask(port, '/users')).status, 200)
  t.strictSame(counts, [6, 3, 5])
})
