/** Packages that are loaded when first needed: each takes a tenth of a second, which commands that only read files never pay. */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** What clients of identity providers and authorisers are made of. */
export function undici (): typeof import('undici') {
  return require('undici') as typeof import('undici')
}

/** What clients of Redis are made of. */
export function ioredis (): typeof import('ioredis') {
  return require('ioredis') as typeof import('ioredis')
}
