import { type CheckFinding, documentListProblem } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Rules that the schema can't say. */
export function * checkConfig ({ costs, documents, mutations_by_get: byGet, websockets }: Config, directory: string): Generator<CheckFinding> {
  const problem = documents === undefined ? null : documentListProblem(directory, documents)
  if (problem !== null) yield { path: '/documents', message: problem, mend: 'Write a JSON object of documents by id, beside the configuration, and name it here.' }
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
