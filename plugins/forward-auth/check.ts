import { type CheckFinding, isHopField } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Lists of headers that are written on a request or an answer. */
const WRITTEN = ['upstream_headers', 'client_headers', 'refusal_headers'] as const

/** About a body that isn't passed on with them, or about the connection. */
function belongsElsewhere (name: string): boolean {
  const lower = name.toLowerCase()
  return isHopField(lower) || lower === 'host' || lower.startsWith('content-')
}

export function * checkConfig (config: Config): Generator<CheckFinding> {
  if (!URL.canParse(config.url)) yield { path: '/url', message: 'this is no valid address', mend: 'Write it like `https://auth.internal/verify`.' }
  for (const option of WRITTEN) {
    for (const [index, name] of config[option].entries()) {
      if (!belongsElsewhere(name)) continue
      yield { path: `/${option}/${index}`, message: `\`${name}\` belongs to the message that it came with, and can't be passed on by itself`, mend: 'Remove it.' }
    }
  }
  for (const [index, name] of config.upstream_headers.entries()) {
    if (name.toLowerCase() !== 'cookie') continue
    yield { path: `/upstream_headers/${index}`, message: '`Cookie` belongs to the client, and would be taken from all of them on every route', mend: 'Let the authoriser answer with a header of another name.' }
  }
  if (!config.tls_verify) {
    yield { path: '/tls_verify', severity: 'warning', message: 'whoever answers for the authoriser decides who may pass', mend: 'Verify its certificate; NODE_EXTRA_CA_CERTS names authorities of your own.' }
  }
  if (config.cache_ttl > 0 && config.request_headers === undefined) {
    yield { path: '/cache_ttl', severity: 'warning', message: 'the authoriser gets all headers, so nearly no two requests ask the same question', mend: 'Name the headers that it needs in `request_headers`.' }
  }
}
