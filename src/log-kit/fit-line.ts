import { asciiJson } from '../observability/access-fields.ts'

interface Line {
  request?: { id?: string, method?: string, uri?: string, url?: string, headers?: unknown, querystring?: unknown }
  response?: { status?: number, headers?: unknown }
  upstream_uri?: string
  readonly [field: string]: unknown
}

/** Characters of an address that are kept. */
const ADDRESS = 256
/** What is kept in any case: no client makes it long. */
const SHORT = ['latencies', 'route', 'service', 'client_ip', 'started_at', 'source', 'end_reason', 'ended_by', 'error'] as const

/**
 * A line for a receiver that takes so many bytes: what is longer loses its header fields and arguments, then all but what tells the
 * request. It stays JSON, and says that it is `shortened`: what a receiver cuts, a client could go on with.
 *
 * @param line in ASCII, without a newline
 */
export function fitLine (line: string, most: number): string {
  if (line.length <= most) return line
  const record = JSON.parse(line) as Line
  if (record.request !== undefined) Object.assign(record.request, { headers: {}, querystring: {} })
  if (record.response !== undefined) record.response.headers = {}
  const text = asciiJson({ ...record, shortened: true })
  if (text.length <= most) return text
  const { request, response } = record
  const kept = Object.fromEntries(SHORT.filter(name => record[name] !== undefined).map(name => [name, record[name]]))
  return asciiJson({ request: { id: request?.id, method: request?.method, uri: request?.uri?.slice(0, ADDRESS) }, response: { status: response?.status }, ...kept, shortened: true })
}
