import { createHash } from 'node:crypto'

/** SHA-256 of an API key in lower-case hex, from the key or as the file gives it; undefined where it gives neither. */
export function keyDigest ({ key, hash }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof key === 'string' && key !== '') return createHash('sha256').update(key).digest('hex')
  return typeof hash === 'string' ? hash.toLowerCase() : undefined
}
