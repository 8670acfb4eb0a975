import { GraphqlCacheOptions, type Static, Type } from '../../src/plugin.ts'

export const GraphqlProxyCacheAdvanced = Type.Object(GraphqlCacheOptions, {
  title: 'graphql-proxy-cache-advanced',
  description: 'Answers GraphQL queries from a cache, by what they ask and who asks.',
  additionalProperties: false
})

export type Config = Static<typeof GraphqlProxyCacheAdvanced>
