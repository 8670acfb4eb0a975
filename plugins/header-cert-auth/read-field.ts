import { X509Certificate } from 'node:crypto'

export type Format = 'base64_encoded' | 'url_encoded' | 'xfcc'

/** A proxy passes the chain on, and no more. */
const MOST = 20

/** The certificates of a field, the client's own first; null: it holds none that can be read. */
export function readField (value: string, format: Format): X509Certificate[] | null {
  try {
    const chain = format === 'base64_encoded' ? fromBase64(value) : format === 'url_encoded' ? fromPem(decodeURIComponent(value)) : fromXfcc(value)
    return chain.length === 0 || chain.length > MOST ? null : chain
  } catch {
    return null
  }
}

function fromPem (text: string): X509Certificate[] {
  return (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).slice(0, MOST + 1).map(pem => new X509Certificate(pem))
}

/** DER, PEM, or what stands between the lines of PEM, several of them with commas (Traefik). */
function fromBase64 (value: string): X509Certificate[] {
  return value.split(',').slice(0, MOST + 1).flatMap(part => {
    const bytes = Buffer.from(part.trim().replace(/^:(.*):$/, '$1'), 'base64')
    return bytes.toString('latin1', 0, 10) === '-----BEGIN' ? fromPem(bytes.toString('latin1')) : [new X509Certificate(bytes)]
  })
}

/**
 * Envoy's `x-forwarded-client-cert`: elements with commas, one for each proxy on the way. The last one is that of the proxy
 * that speaks to us: what stands before it was said by others.
 */
function fromXfcc (value: string): X509Certificate[] {
  const elements = split(value, ',')
  const pairs = new Map(split(elements.at(-1) ?? '', ';').map(pair => {
    const equals = pair.indexOf('=')
    return [pair.slice(0, equals).trim().toLowerCase(), unquote(pair.slice(equals + 1).trim())] as const
  }))
  const own = fromPem(decodeURIComponent(pairs.get('cert') ?? ''))
  const chain = fromPem(decodeURIComponent(pairs.get('chain') ?? ''))
  if (own.length === 0) return chain
  return [...own, ...chain.filter(({ fingerprint256 }) => fingerprint256 !== own[0]?.fingerprint256)]
}

/** At separators outside of quotes. */
function split (text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const one = text[index]
    if (quoted && one === '\\') index++
    else if (one === '"') quoted = !quoted
    else if (one === separator && !quoted) {
      parts.push(text.slice(start, index))
      start = index + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

function unquote (text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text
}
