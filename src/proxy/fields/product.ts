import type { GatewaySettings } from '../../config/model.ts'

/** Names of the fields that the gateway adds, worked out once per snapshot; null: not sent. */
export interface Tokens {
  /** Received-by part of `Via` (RFC 9110 section 7.6.3), and `Server` on answers of our own. */
  readonly via: string | null
  readonly server: string | null
  readonly requestId: string | null
  readonly upstreamLatency: string | null
  readonly proxyLatency: string | null
  readonly responseLatency: string | null
  readonly upstreamStatus: string | null
  /** Those of the names that are sent, lower-case: an upstream's fields of these names give way. */
  readonly sent: ReadonlySet<string>
}

const TOKENS = ['Request-Id', 'Upstream-Latency', 'Proxy-Latency', 'Response-Latency', 'Upstream-Status']

/** All names that the gateway's own fields may have, lower-case. */
export const TOKEN_NAMES: readonly string[] = ['x-sallyport-', 'x-kong-'].flatMap(prefix => TOKENS.map(token => prefix + token.toLowerCase()))

export function tokensOf (settings: GatewaySettings['headers'], version: string): Tokens {
  const prefix = settings.names === 'kong' ? 'X-Kong' : 'X-Sallyport'
  const latency = (name: string): string | null => settings.latency_tokens ? `${prefix}-${name}-Latency` : null
  const tokens = {
    via: settings.server_tokens ? 'sallyport' : null,
    server: settings.server_tokens ? `sallyport/${version}` : null,
    requestId: settings.request_id ? `${prefix}-Request-Id` : null,
    upstreamLatency: latency('Upstream'),
    proxyLatency: latency('Proxy'),
    responseLatency: latency('Response'),
    upstreamStatus: settings.upstream_status ? `${prefix}-Upstream-Status` : null
  }
  const names = [tokens.requestId, tokens.upstreamLatency, tokens.proxyLatency, tokens.responseLatency, tokens.upstreamStatus]
  return { ...tokens, sent: new Set(names.flatMap(name => name === null ? [] : [name.toLowerCase()])) }
}
