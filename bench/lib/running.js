/** A participant or the upstream, started and ready. */
import { closeSync, mkdtempSync, openSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { request } from './cases.js'
import { isRunning, start, stop } from './children.js'
import { cpuOf, memoryOf, treeOf } from './cpu.js'
import { delay } from './time.js'

export async function freePort () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Waits for the first right answer; throws when the process ends or half a minute passes before it. */
export async function answering (child, port, path = '/small', headers = {}, tls = false) {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    if (!isRunning(child)) throw new Error(`it ended at once: ${child.said.trim() || 'without a word'}`)
    try {
      const { status } = await request(port, { method: 'GET', path, body: null, headers, tls })
      if (status === 200) return
    } catch {
      // not listening yet
    }
    await delay(20)
  }
  throw new Error(`no good answer within 30 s: ${child.said.trim() || 'it said nothing'}`)
}

export async function startUpstream ({ core, nice }) {
  const port = await freePort()
  const program = { command: process.execPath, args: [fileURLToPath(new URL('upstream.js', import.meta.url)), String(port)] }
  const child = start(program, { core, nice })
  await answering(child, port)
  return { port, child }
}

/** Connections and requests that the upstream has seen. */
export async function upstreamStats (port) {
  return JSON.parse((await request(port, { method: 'GET', path: '/stats', body: null })).body)
}

/** A participant's processes while they run. */
export class RunningPeer {
  constructor (peer, port, child, dir, field, beside) {
    this.peer = peer
    /** What it needs beside itself, a Redis say, whose CPU is not its own; null: nothing. */
    this.beside = beside
    /** What every request to it carries beside the case's own; null: nothing. */
    this.field = field
    this.port = port
    this.child = child
    this.dir = dir
    this.tree = treeOf(child.pid)
  }

  /** @param {{ upstream: number, dir: string, core: number | null, loadCore?: number | null, nice?: number }} options `dir`: the run's temporary folder; `loadCore`: of what runs beside it */
  static async start (peer, { upstream, dir, core, loadCore = null, nice }) {
    const own = mkdtempSync(join(dir, `${peer.name.replaceAll(/[^a-z0-9+]/g, '-')}-`))
    const port = await freePort()
    const beside = peer.beside === undefined ? null : await startBeside(peer.beside, { dir: own, core: loadCore, nice })
    const program = peer.program({ port, upstream, dir: own, beside: beside?.port })
    const output = program.output === undefined ? 'ignore' : openSync(program.output, 'a')
    const child = start(program, { core, nice, stdio: ['ignore', output, 'pipe'] })
    if (output !== 'ignore') closeSync(output)
    const field = peer.field === undefined ? null : fieldOf(peer.field(), own)
    await answering(child, port, '/small', field === null ? {} : { [field.name]: field.values[0] }, peer.tls)
    return new RunningPeer(peer, port, child, own, field, beside)
  }

  cpu () {
    return cpuOf(this.tree)
  }

  memory () {
    return memoryOf(this.tree)
  }

  async stop () {
    await stop(this.child)
    if (this.beside !== null) await stop(this.beside.child)
  }
}

/** @param {(context: { port: number, dir: string }) => { command: string, args: string[] }} program that listens on the port */
export async function startBeside (program, { dir, core, nice }) {
  const port = await freePort()
  const child = start(program({ port, dir }), { core, nice })
  for (const deadline = Date.now() + 10_000; !await listens(port);) {
    if (!isRunning(child) || Date.now() > deadline) throw new Error(`what runs beside it did not start: ${child.said.trim()}`)
    await delay(20)
  }
  return { port, child }
}

function listens (port) {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => resolve(false))
  })
}

/** With its values in a file, for the load generator. */
function fieldOf ({ name, values }, dir) {
  const file = join(dir, 'values.txt')
  writeFileSync(file, values.map(value => `${value}\n`).join(''))
  return { name, values, file }
}
