import { GraphqlCacheOptions, type Static, Type } from '../../src/plugin.ts'

export const GraphqlProxyCache = Type.Object(GraphqlCacheOptions, {
  title: 'graphql-proxy-cache',
  description: 'Answers GraphQL queries from a cache: graphql-proxy-cache-advanced by a shorter name.',
  additionalProperties: false
})

export type Config = Static<typeof GraphqlProxyCache>
