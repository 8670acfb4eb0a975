import { CacheOptions, type Static, Type } from '../../src/plugin.ts'

export const ProxyCache = Type.Object(CacheOptions, {
  title: 'proxy-cache',
  description: 'Answers from a cache where the answer allows it, and asks the service once for all who want the same.',
  additionalProperties: false
})

export type Config = Static<typeof ProxyCache>
