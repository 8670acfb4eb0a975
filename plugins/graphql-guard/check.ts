import type { CheckFinding } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Rules that the schema can't say. */
export function * checkConfig ({ costs, mutations_by_get: byGet, websockets }: Config): Generator<CheckFinding> {
  const seen = new Set<string>()
  for (const [index, { field }] of costs.entries()) {
    if (seen.has(field)) yield { path: `/costs/${index}/field`, message: `the cost of '${field}' stands twice`, mend: 'Keep one of them.' }
    seen.add(field)
  }
  if (byGet) {
    yield { path: '/mutations_by_get', severity: 'warning', message: 'any page can have a browser send a GET, with cookies', mend: 'Remove it, and have clients send mutations by POST.' }
  }
  if (websockets === 'pass') {
    yield { path: '/websockets', severity: 'warning', message: 'what is asked through a WebSocket passes without limits', mend: 'Remove it, or see to it that the service has limits of its own.' }
  }
}
