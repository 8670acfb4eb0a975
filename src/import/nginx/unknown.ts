import { closeRoute, type LocationContext } from './context.ts'
import { HARMLESS, SAID } from './words.ts'
import type { Directive } from './parse.ts'

/** Read by the rest of the import. */
const KNOWN: ReadonlySet<string> = new Set([
  'location', 'server', 'server_name', 'listen', 'upstream', 'ssl', 'ssl_certificate', 'ssl_certificate_key', 'stream', 'mail', 'events', 'user', 'worker_processes', 'worker_rlimit_nofile', 'worker_cpu_affinity', 'worker_priority', 'pid', 'daemon', 'master_process', 'load_module', 'env', 'pcre_jit', 'thread_pool', 'timer_resolution', 'error_log', 'debug_connection', 'worker_shutdown_timeout', 'lock_file', 'ssl_engine', 'include_done',
  'proxy_pass', 'proxy_set_header', 'return', 'rewrite', 'allow', 'deny', 'satisfy', 'auth_basic', 'auth_request', 'auth_request_set', 'limit_req', 'limit_req_status', 'limit_req_dry_run', 'limit_conn', 'limit_conn_status', 'client_max_body_size', 'add_header', 'proxy_hide_header', 'proxy_pass_header', 'proxy_connect_timeout', 'proxy_read_timeout', 'proxy_send_timeout', 'proxy_next_upstream', 'proxy_next_upstream_tries', 'proxy_ssl_verify', 'set', 'internal', 'set_real_ip_from', 'real_ip_header',
  'fastcgi_pass', 'uwsgi_pass', 'scgi_pass', 'grpc_pass', 'memcached_pass', 'alias', 'try_files', 'empty_gif'
])

/** Their loss opens nothing, and changes what clients or services see. */
const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ['error_page', 'errors are JSON of the gateway.'],
  ['proxy_intercept_errors', 'answers of the service are passed on.'],
  ['proxy_redirect', 'Location is passed on as the service writes it.'],
  ['proxy_cookie_domain', 'cookies are passed on as they are.'],
  ['proxy_cookie_path', 'cookies are passed on as they are.'],
  ['proxy_cookie_flags', 'cookies are passed on as they are.'],
  ['proxy_ssl_trusted_certificate', 'name the authority in `ca_certificates` of the service.'],
  ['proxy_ssl_verify_depth', 'write `tls_verify_depth` of the service.'],
  ['proxy_ssl_certificate', 'write a certificate and `client_certificate` of the service.'],
  ['proxy_ssl_certificate_key', 'write a certificate and `client_certificate` of the service.'],
  ['proxy_cache', 'write the plugin proxy-cache.'],
  ['sub_filter', 'bodies are passed on as they are.'],
  ['sub_filter_once', 'bodies are passed on as they are.'],
  ['sub_filter_types', 'bodies are passed on as they are.'],
  ['mirror', 'write the plugin mirror.'],
  ['mirror_request_body', 'write the plugin mirror.'],
  ['limit_rate', 'bandwidth is not limited.'],
  ['limit_rate_after', 'bandwidth is not limited.'],
  ['ssi', 'bodies are passed on as they are.']
])

/** Directives of all blocks around a location that nobody has read: those that may protect close it. */
export function sayUnknown (context: LocationContext): void {
  for (const block of context.scope) for (const directive of block) say(context, directive)
}

function say (context: LocationContext, directive: Directive): void {
  const { draft, route } = context
  const { name, place, args, block } = directive
  const said = SAID.get(name) ?? LEFT_OUT.get(name)
  const own = context.scope[0]?.includes(directive) === true
  if (name === 'set_real_ip_from' && own) draft.tell('todo', `set_real_ip_from ${String(args[0])}`, 'addresses are trusted for the whole gateway: write it into `trusted_ips` of `gateway` if that is meant. Until then clients behind it have its address here, which allow, deny and limits look at.', place, route)
  if (said !== undefined && !(args[0] === 'off' || args[0] === 'default')) draft.tell('left_out', name, said, place, own ? route : draft.file)
  if (said !== undefined || HARMLESS.has(name) || name.startsWith('fastcgi_') || name.startsWith('uwsgi_') || (KNOWN.has(name) && block === null) || ['location', 'server', 'upstream', 'events', 'stream', 'mail'].includes(name)) return
  // holds for the block that it stands in alone
  if (name === 'limit_except' && !own) return
  if (name.endsWith('_zone') || name === 'geo' || name === 'split_clients' || (name === 'set' && block === null)) return
  if (name === 'if' && isPreflight(directive)) {
    draft.tell('left_out', 'if ($request_method = OPTIONS)', 'answers to preflights: write the plugin cors.', place, route)
    return
  }
  if (name === 'ssl_verify_client' && args[0] === 'off') return
  closeRoute(context, directive, name === 'include' ? 'the file can\'t be read, and may protect.' : name === 'if' ? 'conditions can\'t be said.' : 'the directive is not known here, and may protect.')
}

/** The usual way to answer preflights: nothing in it lets anybody do more. */
function isPreflight ({ args, block }: Directive): boolean {
  return /^\(\$request_method=OPTIONS\)$/.test(args.join('').replace(/['"]/g, '')) && (block ?? []).every(({ name, args: [code] }) => name === 'add_header' || (name === 'return' && ['200', '204'].includes(code ?? '')))
}
