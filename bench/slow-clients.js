// Normal requests while a thousand slow clients hold connections: slowhttptest (Debian) in its four modes.
//
//   npm run build && node bench/slow-clients.js [--connections 1000] [--seconds 40]
//
// For each mode: latency and failures of ten requests a second, before and while it runs. Exit code 1 when one fails.
import { spawn } from 'node:child_process'
import { createServer, request, Agent } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values: { connections, seconds } } = parseArgs({ allowPositionals: true, options: { connections: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '40' } } })
const PORT = 18480
const UPSTREAM = 18482
const EVERY = 100
const main = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'sallyport-slow-'))

const MODES = {
  'slow headers': ['-H', '-i', '5', '-x', '24', '-u', `http://127.0.0.1:${PORT}/small`],
  'slow bodies': ['-B', '-i', '5', '-s', '8192', '-x', '10', '-u', `http://127.0.0.1:${PORT}/small`],
  ranges: ['-R', '-a', '5', '-b', '3000', '-u', `http://127.0.0.1:${PORT}/big`],
  'slow readers': ['-X', '-w', '10', '-y', '20', '-n', '5', '-z', '32', '-u', `http://127.0.0.1:${PORT}/big`]
}

// a process of its own: what is measured is not to wait for it
if (process.argv[2] === 'upstream') {
  const big = Buffer.alloc(256 * 1024, 'x')
  const server = createServer((message, response) => {
    message.resume()
    const body = message.url === '/big' ? big : 'ok'
    response.setHeader('Content-Length', body.length)
    response.end(body)
  })
  server.listen(UPSTREAM, '127.0.0.1')
  await new Promise(() => {})
}

const upstream = spawn(process.execPath, [fileURLToPath(import.meta.url), 'upstream'], { stdio: ['ignore', 'ignore', 'inherit'] })
const file = join(directory, 'gateway.yaml')
writeFileSync(file, `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: ${PORT} }], admin: { port: ${PORT + 1} }, log: { access: false, level: error } }
services: [{ name: up, url: "http://127.0.0.1:${UPSTREAM}", routes: [{ name: all, paths: [/] }] }]
`)
const gateway = spawn(process.execPath, [main, 'start', file], { stdio: ['ignore', 'ignore', 'inherit'] })
let failed = 0
try {
  for (let tries = 0; await ask() === null; tries++) {
    if (tries > 100) throw new Error('the gateway does not answer')
    await wait(100)
  }
  console.log(`mode           requests  failed   p50 ms   p99 ms   max ms   open    MiB   (${connections} connections, ${seconds} s, Node ${process.versions.node})`)
  show('nobody slow', await probe(10_000))
  for (const [mode, flags] of Object.entries(MODES)) {
    const child = spawn('slowhttptest', ['-c', connections, '-r', '200', '-l', seconds, '-p', '5', ...flags], { stdio: 'ignore' })
    const ended = new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject))
    show(mode, await probe(Number(seconds) * 1000))
    await ended
    await wait(2_000)
  }
} finally {
  gateway.kill('SIGKILL')
  upstream.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}
process.exitCode = failed > 0 ? 1 : 0

/** Milliseconds; null: failed. */
async function ask (path = '/small', port = PORT, agent = undefined) {
  const start = performance.now()
  return await new Promise(resolve => {
    request({ host: '127.0.0.1', port, path, agent, timeout: 10_000 }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => { text += chunk })
      response.on('end', () => resolve(response.statusCode === 200 ? { took: performance.now() - start, text } : null))
      response.on('error', () => resolve(null))
    }).on('timeout', function () { this.destroy() }).on('error', () => resolve(null)).end()
  })
}

/** Half of them on connections of their own, half on one that is kept. */
async function probe (duration) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const results = []
  let open = 0
  let memory = 0
  const end = performance.now() + duration
  const running = []
  for (let number = 0; performance.now() < end; number++) {
    running.push(ask('/small', PORT, number % 2 === 0 ? agent : new Agent()).then(result => results.push(result)))
    if (number % 10 === 0) {
      running.push(ask('/status', PORT + 1).then(status => {
        if (status === null) return
        const { connections: now, processes: [one] } = JSON.parse(status.text)
        open = Math.max(open, now)
        memory = Math.max(memory, one?.memory?.rss ?? 0)
      }))
    }
    await wait(EVERY)
  }
  await Promise.all(running)
  agent.destroy()
  return { took: results.filter(result => result !== null).map(({ took }) => took).sort((a, b) => a - b), failed: results.filter(result => result === null).length, open, memory }
}

function show (mode, { took, failed: lost, open, memory }) {
  failed += lost
  const at = share => (took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? NaN).toFixed(1).padStart(8)
  console.log(`${mode.padEnd(14)} ${String(took.length + lost).padStart(8)} ${String(lost).padStart(7)} ${at(0.5)} ${at(0.99)} ${at(1)} ${String(open).padStart(6)} ${(memory / 1048576).toFixed(0).padStart(6)}`)
}
