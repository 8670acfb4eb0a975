import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

const given = new Set<number>()

/**
 * A port that nobody listens on, for programs that can't choose one by themselves, and for addresses that refuse. It is below
 * those that systems give to `listen(0)` and to clients (from 32768 on Linux): none of these takes it before it is used.
 */
export async function freePort (): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    if (given.has(port)) continue
    const server = createServer().listen(port, '127.0.0.1')
    const free = await once(server, 'listening').then(() => true, () => false)
    if (!free) continue
    given.add(port)
    server.close()
    await once(server, 'close')
    return port
  }
}
