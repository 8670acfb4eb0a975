import { headerReader, valueAt, type LogRecord, type Reader } from './record.ts'

const text = (value: unknown): string | undefined => value === undefined || value === null || value === '' ? undefined : String(value)
const at = (...path: string[]): Reader => record => text(valueAt(record, path))
/** Milliseconds as nginx writes times: seconds, three digits. */
const seconds = (milliseconds: unknown): string | undefined => typeof milliseconds === 'number' && milliseconds >= 0 ? (milliseconds / 1000).toFixed(3) : undefined
const uri = (record: LogRecord): string => String(valueAt(record, ['request', 'uri']) ?? '')

function url (part: 'protocol' | 'hostname' | 'port'): Reader {
  return record => {
    const whole = String(valueAt(record, ['request', 'url']) ?? '')
    if (!URL.canParse(whole)) return undefined
    const parsed = new URL(whole)
    if (part === 'protocol') return parsed.protocol.slice(0, -1)
    return part === 'port' && parsed.port === '' ? parsed.protocol === 'https:' ? '443' : '80' : parsed[part]
  }
}

/** Address of the last attempt. */
function upstreamAddress (record: LogRecord): string | undefined {
  const tries = valueAt(record, ['tries'])
  const last = Array.isArray(tries) ? tries.at(-1) as { ip: string, port: number } | undefined : undefined
  return last === undefined ? undefined : `${last.ip}:${last.port}`
}

function upstreamTime (record: LogRecord): string | undefined {
  const proxy = valueAt(record, ['latencies', 'proxy'])
  return typeof proxy === 'number' && proxy >= 0 ? seconds(proxy + Number(valueAt(record, ['latencies', 'receive']) ?? 0)) : undefined
}

/** What nginx' variables are in a log record; texts, as there. */
const VARIABLES: Readonly<Record<string, Reader>> = {
  remote_addr: at('client_ip'),
  realip_remote_addr: at('client_ip'),
  request_method: at('request', 'method'),
  request_uri: at('request', 'uri'),
  uri: record => uri(record).split('?', 1)[0],
  args: record => text(uri(record).split('?').slice(1).join('?')),
  query_string: record => text(uri(record).split('?').slice(1).join('?')),
  request_id: at('request', 'id'),
  kong_request_id: at('request', 'id'),
  request_length: at('request', 'size'),
  request_time: record => seconds(valueAt(record, ['latencies', 'request'])),
  status: at('response', 'status'),
  bytes_sent: at('response', 'size'),
  scheme: url('protocol'),
  host: url('hostname'),
  server_port: url('port'),
  upstream_addr: upstreamAddress,
  upstream_status: at('upstream_status'),
  upstream_uri: at('upstream_uri'),
  upstream_header_time: record => seconds(valueAt(record, ['latencies', 'proxy'])),
  upstream_response_time: upstreamTime,
  msec: record => seconds(valueAt(record, ['started_at'])),
  time_iso8601: record => new Date(Number(valueAt(record, ['started_at']))).toISOString()
}

/** Reader of `ngx.var.<name>`; undefined: there is no such thing here. */
export function nginxVariable (name: string): Reader | undefined {
  if (Object.hasOwn(VARIABLES, name)) return VARIABLES[name]
  const [, kind, rest] = /^(http|sent_http|arg)_(\w+)$/.exec(name) ?? []
  if (kind === undefined || rest === undefined) return undefined
  if (kind === 'arg') return at('request', 'querystring', rest)
  const header = headerReader([kind === 'http' ? 'request' : 'response', 'headers'], rest.replaceAll('_', '-'))
  return record => {
    const value = header(record)
    return text(Array.isArray(value) ? value.join(', ') : value)
  }
}

export const NGINX_VARIABLES: readonly string[] = [...Object.keys(VARIABLES), 'http_<name>', 'sent_http_<name>', 'arg_<name>']
