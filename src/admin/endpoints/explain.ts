import { Failure } from '../api/schemas/common.ts'
import { Explanation, ExplainOrder } from '../api/schemas/running.ts'
import type * as types from '../api/types.ts'
import { ok, Refused } from '../answer.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { Turns } from '../turns.ts'
import { createExplainer } from '../../explain/explain.ts'
import { ExplainError } from '../../explain/types.ts'
import type { RunnableFile } from '../../gateway/control/reload.ts'

type Explain = ReturnType<typeof createExplainer>

export function explainEndpoints (): readonly Endpoint[] {
  // compiling the routes of a large file takes a tenth of a second
  const known = new WeakMap<RunnableFile, Explain>()
  // and each request of ten thousand routes 50 ms, on the loop that may serve traffic
  const turns = new Turns()

  function explainerOf (file: RunnableFile): Explain {
    let explain = known.get(file)
    if (explain === undefined) {
      explain = createExplainer({ config: file.config, registry: file.plugins.registry, source: file.source })
      known.set(file, explain)
    }
    return explain
  }

  return [endpoint({
    method: 'POST',
    path: '/explain',
    access: 'read',
    tag: 'configuration',
    summary: 'What the configuration that runs would do with a request, and why; nothing is sent anywhere.',
    body: ExplainOrder,
    answers: { 200: Explanation, 429: Failure },
    async run ({ source, body }) {
      const { method = 'GET', headers, ...order } = body as types.ExplainOrder
      try {
        return ok(await turns.take(() => explainerOf(source.running())({ ...order, method, ...headers === undefined ? {} : { headers: headers as ReadonlyArray<readonly [string, string]> } })))
      } catch (error) {
        if (error instanceof ExplainError) throw new Refused(400, error.message)
        throw error
      }
    }
  })]
}
