import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from './free-port.ts'

export interface FileServer {
  readonly name: string
  readonly port: number
}

/**
 * Servers that read paths each in its own way and serve one folder: nginx, Python's http.server, and a Node server that
 * decodes whatever any server decodes.
 *
 * @param files by path, starting with `/`
 */
export async function startFileServers (t: Test, files: Readonly<Record<string, string>>): Promise<FileServer[]> {
  const directory = t.testdir()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, 'root', path, '..'), { recursive: true })
    writeFileSync(join(directory, 'root', path), text)
  }
  const [nginxPort, pythonPort] = [await freePort(), await freePort()]
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${directory}/${name};`).join(' ')
  writeFileSync(join(directory, 'nginx.conf'), `daemon off; master_process off; pid ${directory}/pid; error_log stderr crit; events {} http { access_log off; ${temporary} server { listen 127.0.0.1:${nginxPort}; root ${directory}/root; } }`)
  await start(t, nginxPort, 'nginx', ['-p', directory, '-c', join(directory, 'nginx.conf')])
  await start(t, pythonPort, 'python3', ['-m', 'http.server', String(pythonPort), '--bind', '127.0.0.1', '--directory', join(directory, 'root')])
  return [{ name: 'Node', port: await lenientServer(t, files) }, { name: 'nginx', port: nginxPort }, { name: 'Python', port: pythonPort }]
}

async function start (t: Test, port: number, program: string, args: string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` } })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-2_000) })
  const ended = new Promise<Error>(resolve => {
    child.once('error', resolve)
    child.once('exit', () => resolve(new Error(`${program} ended: ${output}`)))
  })
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  let failure: Error | null = null
  ended.then(error => { failure = error }, () => {})
  while (!await accepts(port)) {
    if (failure !== null) throw failure
    await new Promise(resolve => { setTimeout(resolve, 20) })
  }
}

/** Servers of which one or the other does each of this: decodes until nothing is left, `\` is `/`, cuts parameters, cuts at NUL. */
async function lenientServer (t: Test, files: Readonly<Record<string, string>>): Promise<number> {
  const server = createServer((request, response) => {
    let path = (request.url ?? '/').replace(/\?.*/, '')
    for (let last = ''; last !== path;) {
      last = path
      path = path.replace(/%(?:c0%a([ef])|e0%80%a([ef])|c1%9c)/gi, (_, one?: string, other?: string) => `%${one ?? other === undefined ? '5c' : `2${one ?? other}`}`)
      path = path.replace(/%([\da-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    }
    path = path.replace(/\0.*/, '').replaceAll('\\', '/').replace(/;[^/]*/g, '')
    const segments: string[] = []
    for (const segment of path.split('/')) {
      if (segment === '..') segments.pop()
      else if (segment !== '' && segment !== '.') segments.push(segment)
    }
    const text = files[`/${segments.join('/')}`]
    response.writeHead(text === undefined ? 404 : 200).end(text)
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function accepts (port: number): Promise<boolean> {
  return await new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
