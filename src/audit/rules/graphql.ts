import { option } from '../context.ts'
import type { AuditRule } from '../rule.ts'

/** What a query may cost, and what passes by the guard. */
export const graphqlRules: readonly AuditRule[] = [
  {
    id: 'unguarded-graphql',
    severity: 'high',
    title: 'GraphQL without bounds',
    why: 'One small query, nested or repeated by aliases, keeps the service busy for minutes.',
    mend: 'Add `graphql-guard` to the route.',
    * find (context) {
      for (const route of context.routes) {
        if (context.hasSegment(route, /^(?:graphql|gql)$/i) && !context.chainHas(route, 'graphql-guard', 'graphql-rate-limiting', 'graphql-rate-limiting-advanced')) yield { pointer: route.pointer, subject: context.name('route', route), cause: who => `nothing bounds what a query to ${who} may cost` }
      }
    }
  },
  {
    id: 'graphql-introspection',
    severity: 'low',
    title: 'a GraphQL schema for all to read',
    why: 'It lists each field there is, those that nobody thought of included.',
    mend: 'Remove `introspection: true` in production.',
    * find (context) {
      for (const { entry, routes } of context.uses('graphql-guard')) {
        if (entry.config['introspection'] === true && routes.some(route => context.isOpen(route))) yield { pointer: option(entry, 'introspection'), cause: 'anybody may ask for the schema' }
      }
    }
  },
  {
    id: 'graphql-websockets',
    severity: 'medium',
    title: 'GraphQL that passes by the guard',
    why: 'Whatever is asked through a WebSocket is not looked at.',
    mend: 'Remove `websockets: pass`, or put subscriptions on a route of their own.',
    * find (context) {
      for (const { entry } of context.uses('graphql-guard')) {
        if (entry.config['websockets'] === 'pass') yield { pointer: option(entry, 'websockets'), cause: 'queries through WebSockets are not looked at' }
      }
    }
  },
  {
    id: 'graphql-mutations-by-get',
    severity: 'medium',
    title: 'mutations by GET',
    why: 'A link or an image on another site changes something in its visitor\'s name.',
    mend: 'Remove `mutations_by_get: true`.',
    * find (context) {
      for (const { entry } of context.uses('graphql-guard')) {
        if (entry.config['mutations_by_get'] === true) yield { pointer: option(entry, 'mutations_by_get'), cause: 'a GET may change something' }
      }
    }
  }
]
