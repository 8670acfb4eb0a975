import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import type { Config } from '../../src/config/model.ts'
import type { ListenSettings } from '../../src/config/gateway-settings.ts'
import { listenDefaults } from '../../src/config/entities/listen.ts'
import type { GatewayServer, GatewayServerOptions } from '../../src/gateway/gateway-server.ts'
import type { BrandedPlugin } from '../../src/plugin.ts'
import { makeCertificate, type Identity } from './certificates.ts'
import { config, route, service, settings } from './config.ts'
import { startGateway } from './gateway.ts'
import { RawClient } from './raw-client.ts'
import { upstream } from './running.ts'

export const authority = makeCertificate('a test authority')
export const gatewayCertificate = makeCertificate('gateway.test', { names: ['gateway.test'], issuer: authority })

/** The `certificates` of a file, one for all names; with the authorities for clients. */
export function certificatesOf ({ cert, key }: Identity, authorities: readonly Identity[] = [], ocsp: string | null = null): Pick<Config, 'certificates' | 'ca_certificates'> {
  const common = { name: null, tags: [], files: {} }
  return {
    certificates: [{ ...common, id: 'certificate', pointer: '/certificates/0', cert, key, ocsp }],
    ca_certificates: authorities.map(({ cert }, index) => ({ ...common, id: `authority-${index}`, pointer: `/ca_certificates/${index}`, cert, cert_digest: '' }))
  }
}

/** A listener with TLS in front of one service. */
export function tlsConfig (upstreamPort: number, listen: Partial<ListenSettings> = {}, overrides: Partial<Config> = {}, gateway: Partial<Config['gateway']> = {}): Config {
  return config({
    gateway: settings({ listen: [{ ...listenDefaults, host: '127.0.0.1', port: 0, tls: true, ...listen }], ...gateway }),
    services: [service({ port: upstreamPort })],
    routes: [route()],
    ...certificatesOf(gatewayCertificate),
    ...overrides
  })
}

export async function startTls (t: Test, file: Config, plugins: readonly BrandedPlugin[] = [], options: Partial<GatewayServerOptions> = {}): Promise<{ server: GatewayServer, port: number }> {
  return await startGateway(t, file, plugins, options)
}

/** A TLS connection that ends with the test. @throws the error of the handshake */
export async function tlsConnect (t: Test, port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'gateway.test', ca: authority.cert, ...options })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** A client that writes bytes through TLS. */
export async function tlsClient (t: Test, port: number, options: ConnectionOptions = {}): Promise<RawClient> {
  return new RawClient(await tlsConnect(t, port, options))
}

export interface Recorded {
  readonly port: number
  readonly requests: IncomingMessage[]
  /** Answers that wait for `release`: those of `/held`. */
  readonly held: ServerResponse[]
  release (): void
}

/** An upstream that answers everything and remembers what it was asked. */
export async function recordingUpstream (t: Test): Promise<Recorded> {
  const requests: IncomingMessage[] = []
  const held: ServerResponse[] = []
  const port = await upstream(t, (request, response) => {
    requests.push(request)
    request.resume()
    if (request.url?.startsWith('/held') === true) held.push(response)
    else response.end('fine')
  })
  return { port, requests, held, release: () => { for (const response of held.splice(0)) response.end('released') } }
}
