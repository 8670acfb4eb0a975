import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** undici's names of header fields that it needn't look at letter by letter; by every spelling. */
const known = require('undici/lib/core/constants.js').headerNameLowerCasedRecord as Record<string, string>

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * Tells undici names of fields that many requests carry: each other name is put into lower case and checked again for each
 * request, 0.1 µs a field.
 *
 * @param names as they are sent; from the configuration or from us, never from a client: what is known stays so
 */
export function knowFields (names: Iterable<string>): void {
  for (const name of names) {
    if (TOKEN.test(name)) known[name] = known[name.toLowerCase()] = name.toLowerCase()
  }
}

/** What the hop and authentication add. */
export const OWN_NAMES = [
  'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Forwarded-Path', 'X-Forwarded-Prefix', 'X-Real-IP',
  'X-Consumer-ID', 'X-Consumer-Custom-ID', 'X-Consumer-Username', 'X-Credential-Identifier', 'X-Anonymous-Consumer', 'X-Consumer-Groups',
  'X-Authenticated-Groups', 'X-Sallyport-Request-Id', 'X-Kong-Request-Id'
]
