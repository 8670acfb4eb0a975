import { createExplainer } from '../explain/explain.ts'
import { ExplainError, type NearRoute } from '../explain/types.ts'
import type { LoadedConfig } from './run.ts'
import type { LabRequest } from './trial.ts'

/** Routes that are told of. */
const MOST = 3

/** Other routes that a request nearly took, and what kept it from them: a line each. */
export function nearbyRoutes ({ config, plugins, source }: LoadedConfig, { method = 'GET', url, headers = [], ip }: LabRequest, shown: string): string[] {
  try {
    const explain = createExplainer({ config, registry: plugins.registry, source })
    const { near } = explain({ method, url, headers, near: MOST, ...ip === undefined ? {} : { ip } })
    return near.map(route => `${route.name ?? route.id}${route.line === null ? '' : ` (${shown}:${route.line})`} ${reason(route)}`)
  } catch (error) {
    if (error instanceof ExplainError) return []
    throw error
  }
}

function reason ({ failed, lost_by: lost }: NearRoute): string {
  if (lost !== null) return `accepts it too, and comes later (${lost.rule}: ${shownValue(lost.own)}, the other ${shownValue(lost.winner)})`
  return `did not take it: ${failed.map(({ criterion, name, wants, got }) => `${criterion}${name === null ? '' : ` ${name}`} ${got ?? 'is missing'}, it wants ${wants.join(' or ')}`).join('; ')}`
}

function shownValue (value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
