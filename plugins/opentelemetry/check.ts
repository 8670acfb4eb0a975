import { validateHeaderValue } from 'node:http'
import type { CheckFinding } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Names that gRPC takes: the others are for bytes, or its own. */
const METADATA = /^(?!grpc-)[0-9a-z_.-]+(?<!-bin)$/i
/** ASCII without control characters. */
const VALUE = /^[\x20-\x7e]*$/

/** What is wrong with how the collector is reached, as far as it can be told from here. */
export function * checkCollector ({ traces_endpoint: endpoint, protocol, headers, ca_certificates: authorities }: Config): Generator<CheckFinding> {
  if (!URL.canParse(endpoint)) {
    yield { path: '/traces_endpoint', message: 'That is no address', mend: 'Write one as `http://collector:4318/v1/traces`.' }
    return
  }
  const { pathname, port, protocol: scheme } = new URL(endpoint)
  if (protocol === 'http' && pathname === '/') {
    yield port === '4317'
      ? { path: '/protocol', message: 'Port 4317 is that of OTLP over gRPC', mend: 'Add `protocol: grpc`, or write the address for HTTP, as `http://collector:4318/v1/traces`.', severity: 'warning' }
      : { path: '/traces_endpoint', message: 'Spans would be sent to the path `/`; collectors take them at `/v1/traces`', mend: 'Write the whole address, as `http://collector:4318/v1/traces`.', severity: 'warning' }
  }
  if (protocol === 'grpc' && pathname !== '/') yield { path: '/traces_endpoint', message: 'gRPC has a path of its own: this one would not be used', mend: 'Leave the path out, as in `http://collector:4317`.', severity: 'warning' }
  if (scheme === 'http:' && authorities !== undefined) yield { path: '/ca_certificates', message: '`ca_certificates` is of no use without TLS', mend: 'Write `https:` in `traces_endpoint`, or leave it out.' }
  for (const [name, value] of Object.entries(headers)) {
    const path = `/headers/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!fits(value, protocol)) yield { path, message: 'This can\'t be sent as the value of a header field', mend: 'Write printable ASCII, without line breaks.' }
    else if (protocol === 'grpc' && !METADATA.test(name)) yield { path, message: 'This is no name for metadata of gRPC', mend: 'Use letters, digits, `-`, `_` and `.`, neither beginning with `grpc-` nor ending with `-bin`.' }
  }
}

function fits (value: string, protocol: Config['protocol']): boolean {
  if (protocol === 'grpc') return VALUE.test(value)
  try {
    validateHeaderValue('value', value)
    return true
  } catch {
    return false
  }
}
