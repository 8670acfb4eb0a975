/** `mode: hmac`, without any package: the identity headers that the gateway has signed, or null. */
import { createHmac, timingSafeEqual } from 'node:crypto'

export function signedHeaders (headers, secret, now = Date.now()) {
  const [, time, names, signature] = /^t=(\d+),h=([^,]+),s=([\w-]{43})$/.exec(headers['x-sallyport-identity']) ?? []
  if (signature === undefined || Math.abs(now / 1000 - time) > 60) return null
  const signed = names.split(';').map(name => [name, headers[name] ?? ''])
  const text = [time, names, ...signed.map(([name, value]) => `${name}:${value}`)].join('\n')
  const expected = createHmac('sha256', secret).update(text, 'latin1').digest('base64url')
  return timingSafeEqual(Buffer.from(signature), Buffer.from(expected)) ? Object.fromEntries(signed) : null
}
