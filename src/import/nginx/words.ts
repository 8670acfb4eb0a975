import type { Directive } from './parse.ts'

/** Directives whose loss opens nothing and loses no request: logs, tuning of connections, what the gateway does anyway. */
export const HARMLESS: ReadonlySet<string> = new Set([
  'access_log', 'error_log', 'log_format', 'log_not_found', 'log_subrequest', 'open_log_file_cache', 'rewrite_log',
  'gzip', 'gzip_buffers', 'gzip_comp_level', 'gzip_disable', 'gzip_http_version', 'gzip_min_length', 'gzip_proxied', 'gzip_static', 'gzip_types', 'gzip_vary', 'gunzip',
  'brotli', 'brotli_comp_level', 'brotli_types', 'sendfile', 'sendfile_max_chunk', 'tcp_nopush', 'tcp_nodelay', 'aio', 'directio', 'output_buffers', 'postpone_output',
  'keepalive_timeout', 'keepalive_requests', 'keepalive_time', 'keepalive_disable', 'send_timeout', 'client_body_timeout', 'client_header_timeout', 'lingering_close', 'lingering_time', 'lingering_timeout', 'reset_timedout_connection',
  'client_body_buffer_size', 'client_header_buffer_size', 'large_client_header_buffers', 'client_body_temp_path', 'client_body_in_file_only', 'connection_pool_size', 'request_pool_size',
  'types', 'default_type', 'types_hash_max_size', 'types_hash_bucket_size', 'server_names_hash_bucket_size', 'server_names_hash_max_size', 'variables_hash_max_size', 'variables_hash_bucket_size', 'map_hash_bucket_size', 'map_hash_max_size', 'charset', 'charset_types', 'override_charset', 'etag', 'if_modified_since', 'open_file_cache', 'open_file_cache_valid', 'open_file_cache_min_uses', 'open_file_cache_errors', 'index', 'autoindex', 'server_tokens', 'port_in_redirect', 'server_name_in_redirect', 'absolute_redirect', 'msie_padding', 'http2', 'http2_push_preload', 'http2_max_concurrent_streams', 'http3', 'quic_retry', 'resolver', 'resolver_timeout', 'chunked_transfer_encoding', 'max_ranges', 'root', 'recursive_error_pages',
  'proxy_http_version', 'proxy_buffering', 'proxy_buffers', 'proxy_buffer_size', 'proxy_busy_buffers_size', 'proxy_max_temp_file_size', 'proxy_temp_path', 'proxy_temp_file_write_size', 'proxy_request_buffering', 'proxy_headers_hash_max_size', 'proxy_headers_hash_bucket_size', 'proxy_socket_keepalive', 'proxy_ssl_server_name', 'proxy_ssl_session_reuse', 'proxy_ssl_protocols', 'proxy_ssl_ciphers', 'proxy_ssl_name', 'proxy_ignore_client_abort', 'proxy_cache_path', 'proxy_cache_key', 'proxy_cache_valid', 'proxy_cache_use_stale', 'proxy_cache_lock', 'proxy_cache_bypass', 'proxy_no_cache', 'proxy_cache_revalidate', 'proxy_cache_background_update', 'proxy_cache_methods', 'proxy_cache_min_uses', 'proxy_ignore_headers', 'proxy_next_upstream_timeout', 'proxy_bind', 'proxy_force_ranges', 'proxy_pass_request_body',
  'ssl_protocols', 'ssl_ciphers', 'ssl_prefer_server_ciphers', 'ssl_session_cache', 'ssl_session_timeout', 'ssl_session_tickets', 'ssl_session_ticket_key', 'ssl_stapling', 'ssl_stapling_verify', 'ssl_stapling_file', 'ssl_trusted_certificate', 'ssl_dhparam', 'ssl_ecdh_curve', 'ssl_buffer_size', 'ssl_early_data', 'ssl_conf_command',
  'limit_req_log_level', 'limit_conn_log_level', 'limit_req_zone', 'limit_conn_zone', 'auth_basic_user_file', 'real_ip_recursive', 'map', 'stub_status', 'expires', 'break', 'add_trailer', 'zone'
])

/** Of those, what users look at: said when it is dropped. All others are tuning that has no counterpart. */
export const SAID: ReadonlyMap<string, string> = new Map([
  ['gzip', 'answers are passed on as the service encodes them.'],
  ['access_log', 'the gateway writes an access log of its own; file-log writes others.'],
  ['proxy_cache_path', 'see the plugin proxy-cache.'],
  ['expires', 'see the plugin response-transformer.'],
  ['stub_status', 'see the plugin prometheus.']
])

/** `10s`, `1m30s`, `500ms`, `60`: milliseconds; null for anything else. */
export function milliseconds (text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
  const parts = [...text.matchAll(/(\d+)(ms|[smhdw])/g)]
  return parts.length === 0 || parts.map(([part]) => part).join('') !== text ? null : parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (units[unit] ?? 0), 0)
}

/** `10m`, `8k`, `1g`, `512`: bytes; null for anything else. */
export function bytes (text: string): number | null {
  const [, number, unit = ''] = /^(\d+)([kmg]?)$/i.exec(text) ?? []
  return number === undefined ? null : Number(number) * ({ k: 1024, m: 1_048_576, g: 1_073_741_824 }[unit.toLowerCase()] ?? 1)
}

/** Blocks around a directive, the innermost first. */
export type Scope = ReadonlyArray<readonly Directive[]>

/** Directives of a name as nginx inherits them: those of the innermost block that has any. */
export function inherited (scope: Scope, ...names: string[]): Directive[] {
  for (const block of scope) {
    const found = block.filter(({ name }) => names.includes(name))
    if (found.length > 0) return found
  }
  return []
}

/** The one that counts of a directive that stands once. */
export function last (scope: Scope, name: string): Directive | undefined {
  return inherited(scope, name).at(-1)
}
