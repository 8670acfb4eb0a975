import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { HealthchecksOptions } from '../../config/entities/healthchecks.ts'
import { serverName } from '../../proxy/transport/open-socket.ts'
import { clientOptions, type UpstreamTls } from '../../tls/upstream-tls.ts'
import { version } from '../../version.ts'
import { begin as beginHttp1, type Http1Attempt } from './http1-probe.ts'
import { begin as beginHttp2, type Http2Attempt } from './http2-probe.ts'

/** Where an active check goes. */
export interface ProbeAddress {
  /** IP address, without brackets. */
  readonly host: string
  readonly port: number
  /** Host field; the name in it is also the one that TLS asks for. */
  readonly authority: string
  /** Authorities and client certificate, for https; the options of the checks say whether anything is verified. Default: those of Node, and none. */
  readonly tls?: UpstreamTls
  /** HTTP/2 is spoken, and nothing else: as TLS agrees, or without it by prior knowledge. Default: HTTP/1.1. */
  readonly http2?: boolean
}

/** What a check has found: a status, a connection (tcp alone), or what failed. */
export type Finding = number | 'connected' | 'tcp' | 'timeout'

/**
 * Checks one address once, on a connection of its own.
 *
 * @param signal breaks the check off; what it has found is `tcp` then
 * @returns never rejects
 */
export async function probe (address: ProbeAddress, options: HealthchecksOptions['active'], signal: AbortSignal): Promise<Finding> {
  return await new Promise(resolve => {
    if (signal.aborted) {
      resolve('tcp')
      return
    }
    let attempt: Attempt | null = null
    let timer: NodeJS.Timeout | null = null
    const finish = (finding: Finding): void => {
      clearTimeout(timer ?? undefined)
      signal.removeEventListener('abort', abort)
      attempt?.destroy()
      resolve(finding)
    }
    const abort = (): void => finish('tcp')
    try {
      attempt = begin(address, options, finish)
    } catch {
      // a field or path that may not be sent
      finish('tcp')
      return
    }
    // also after the end: a check that was broken off fails once more
    attempt.on('error', () => finish('tcp'))
    // one for the whole check: a server that sends a byte now and then is late all the same
    timer = setTimeout(() => finish('timeout'), options.timeout * 1000)
    signal.addEventListener('abort', abort)
  })
}

type Attempt = Socket | Http1Attempt | Http2Attempt

/** @param found is told later, never before this returns */
function begin ({ host, port, authority, tls, http2 = false }: ProbeAddress, options: HealthchecksOptions['active'], found: (finding: Finding) => void): Attempt {
  const { type, http_path: path, headers = {} } = options
  if (type === 'tcp') return connect({ host, port }, () => found('connected'))
  const fields = { 'user-agent': `sallyport/${version} health check`, accept: '*/*', ...lowerCase(headers) }
  const name = serverName(options.https_sni ?? authority)
  const secure = type === 'https' ? { ...tls === undefined ? {} : clientOptions(tls), rejectUnauthorized: options.https_verify_certificate } : null
  if (http2) {
    const socket = secure === null ? connect({ host, port }) : connectTls({ host, port, ...secure, servername: name, ALPNProtocols: ['h2'] })
    return beginHttp2({ authority, path, fields, socket, secure: secure !== null }, found)
  }
  return beginHttp1({ host, port, authority, path, fields, secure, name, timeout: options.timeout * 1000 }, found)
}

/** The file's fields win over ours, however they are spelled. */
function lowerCase (headers: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name.toLowerCase(), [...values]]))
}
