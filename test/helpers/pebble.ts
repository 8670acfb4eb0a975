import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:https'
import { join } from 'node:path'
import type { Test } from 'tap'
import { makeCertificate } from './certificates.ts'
import { dnsServer, type DnsServer } from './dns-server.ts'
import { freePort } from './free-port.ts'
import { until, Vain } from './running.ts'

/** Why tests with a real ACME server are skipped; never where CI runs. */
export const noPebble: string | false = process.env['CI'] === undefined && spawnSync('pebble', ['-h']).error !== undefined && 'pebble is not installed'

export interface Pebble {
  readonly directory: string
  /** Of the authority behind the API's own certificate. */
  readonly ca: string
  readonly dns: DnsServer
  /** Where challenges are looked for. */
  readonly httpPort: number
  readonly tlsPort: number
  /** PEM of the root that its certificates lead to. */
  root (): Promise<string>
}

/** Let's Encrypt's ACME server for tests. */
export async function startPebble (t: Test): Promise<Pebble> {
  const [port, management, httpPort, tlsPort] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const authority = makeCertificate('Pebble API')
  const own = makeCertificate('localhost', { names: ['localhost'], issuer: authority })
  const folder = t.testdir({ 'cert.pem': own.cert, 'key.pem': own.key, 'config.json': '' })
  const dns = await dnsServer(t)
  const config = {
    listenAddress: `127.0.0.1:${port}`, managementListenAddress: `127.0.0.1:${management}`, certificate: join(folder, 'cert.pem'), privateKey: join(folder, 'key.pem'), httpPort, tlsPort, ocspResponderURL: '', externalAccountBindingRequired: false
  }
  const { writeFile } = await import('node:fs/promises')
  await writeFile(join(folder, 'config.json'), JSON.stringify({ pebble: config }))
  const child = spawn('pebble', ['-config', join(folder, 'config.json'), '-dnsserver', dns.address], { env: { ...process.env, PEBBLE_VA_NOSLEEP: '1' }, stdio: ['ignore', 'pipe', 'pipe'] })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => output.push(String(text)))
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const fetch = (target: string): Promise<string> => new Promise((resolve, reject) => {
    get(target, { ca: authority.cert }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => { text += String(chunk) }).on('end', () => resolve(text))
    }).on('error', reject)
  })
  const directory = `https://localhost:${port}/dir`
  await until('pebble answers', async () => {
    if (child.exitCode !== null) throw new Vain(output.join(''))
    return await fetch(directory).then(() => true, () => false)
  })
  return { directory, ca: authority.cert, dns, httpPort, tlsPort, root: () => fetch(`https://localhost:${management}/roots/0`) }
}
