import type { LimitView } from '../../admin/api/types.ts'

/** What a limit applies to: `route users, group gold`. */
export function where ({ route, service, consumer, consumer_group: group }: LimitView): string {
  // a route is of one service
  const parts = [route === null ? '' : `route ${route.name ?? route.id}`, service === null || route !== null ? '' : `service ${service.name ?? service.id}`, consumer === null ? '' : `consumer ${consumer.name ?? consumer.id}`, group === null ? '' : `group ${group.name ?? group.id}`]
  return parts.filter(part => part !== '').join(', ') || 'all routes'
}
