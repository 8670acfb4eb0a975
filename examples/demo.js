/**
 * `npm run demo`: two small upstream services and the gateway in front of them, and what to try.
 *
 *   npm run demo -- --port 8080 --admin-port 8081      where 8000 and 8001 are taken
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { port: { type: 'string', default: '8000' }, 'admin-port': { type: 'string', default: '8001' } } })
const root = fileURLToPath(new URL('..', import.meta.url))
const main = 'dist/src/cli/main.js'
const gateway = `http://127.0.0.1:${values.port}`

if (!existsSync(`${root}/${main}`)) {
  console.error('Not built yet: run npm ci first.')
  process.exit(1)
}

const children = [
  run('users', ['examples/upstreams/users.js']),
  run('orders', ['examples/upstreams/orders.js']),
  run('gateway', [main, 'dev', 'gateway.yaml', '--no-open', '--port', values.port, '--admin-port', values['admin-port']])
]
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(0))

await ready()
console.log(`
Two services and the gateway are running. Try:

  curl -i ${gateway}/users/1
  curl -s '${gateway}/echo?who=me'
  curl -N ${gateway}/orders/7/events
  curl -i ${gateway}/nowhere

The first is proxied, with an id of its own. The second shows what the service behind receives: what the gateway and
its plugins added. The third streams one event a second. The last is no route of gateway.yaml.

  http://127.0.0.1:${values['admin-port']}/dashboard/                        what happened to them, and why
  npx sallyport explain GET /nowhere                      the same, asked before
  npx sallyport init -o /tmp/mine.yaml                    a gateway of your own

Change gateway.yaml while it runs. Ctrl-C stops all three. Below is a line for each request.
`)

function run (name, args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  child.once('exit', code => {
    if (stopping.signal.aborted) return
    console.error(`${name} ended by itself (${code ?? child.signalCode}): is its port taken?`)
    stop(1)
  })
  return child
}

async function ready () {
  while (!stopping.signal.aborted) {
    const answer = await fetch(`http://127.0.0.1:${values['admin-port']}/readyz`).catch(() => null)
    if (answer?.ok) return
    await sleep(100)
  }
}

async function stop (code) {
  if (stopping.signal.aborted) return
  stopping.abort()
  await Promise.all(children.filter(child => child.exitCode === null && child.signalCode === null).map(child => {
    child.kill('SIGTERM')
    return once(child, 'exit')
  }))
  process.exit(code)
}
