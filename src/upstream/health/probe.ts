import { request as plain, type ClientRequest } from 'node:http'
import { request as secure } from 'node:https'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { HealthchecksOptions } from '../../config/entities/healthchecks.ts'
import { clientOptions, type UpstreamTls } from '../../tls/upstream-tls.ts'
import { version } from '../../version.ts'
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
      // Node refuses a field or path that may not be sent
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

type Attempt = Socket | ClientRequest | Http2Attempt

/** @param found is told later, never before this returns */
function begin ({ host, port, authority, tls, http2 = false }: ProbeAddress, options: HealthchecksOptions['active'], found: (finding: Finding) => void): Attempt {
  const { type, http_path: path, headers = {} } = options
  if (type === 'tcp') return connect({ host, port }, () => found('connected'))
  const fields = { 'user-agent': `sallyport/${version} health check`, accept: '*/*', ...lowerCase(headers) }
  const secured = type === 'https' ? { ...tls === undefined ? {} : clientOptions(tls), rejectUnauthorized: options.https_verify_certificate, ...serverName(options.https_sni ?? authority) } : {}
  if (http2) {
    const socket = type === 'https' ? connectTls({ host, port, ...secured, ALPNProtocols: ['h2'] }) : connect({ host, port })
    return beginHttp2({ authority, path, fields, socket, secure: type === 'https' }, found)
  }
  return (type === 'https' ? secure : plain)({
    host,
    port,
    path,
    method: 'GET',
    agent: false,
    setHost: false,
    headers: { host: authority, connection: 'close', ...fields },
    ...secured
  }, response => {
    response.on('error', () => {})
    found(response.statusCode as number)
  }).end()
}

/** The file's fields win over ours, however they are spelled. */
function lowerCase (headers: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name.toLowerCase(), [...values]]))
}

/** TLS names no addresses (RFC 6066 section 3); what is verified then is the address. */
function serverName (authority: string): { servername?: string } {
  const name = authority.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return { servername: isIP(name) === 0 ? name : '' }
}
