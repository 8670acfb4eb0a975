import { Failure, list } from '../api/schemas/common.ts'
import { TargetHealthView, TargetView, UpstreamView } from '../api/schemas/entities.ts'
import { found, listOf, ok } from '../answer.ts'
import { endpoint, type Call, type Endpoint } from '../endpoint.ts'
import type { Upstream } from '../../config/model.ts'
import { find } from '../views/names.ts'
import { oneUpstream, targetHealth, targetViews, upstreamViews } from '../views/upstreams.ts'
import type { ViewsOf } from '../views/views-of.ts'

export function upstreamEndpoints (viewsOf: ViewsOf): readonly Endpoint[] {
  const named = ({ source, params }: Call): Upstream => found(find(source.running().config.upstreams, params['upstream'] as string), 'upstream')
  return [
    endpoint({
      method: 'GET',
      path: '/upstreams',
      access: 'read',
      tag: 'upstreams',
      summary: 'All upstreams.',
      answers: { 200: list(UpstreamView, 'Upstreams.') },
      async run ({ source, spread }) {
        const file = source.running()
        return listOf(await spread(upstreamViews(file.config, viewsOf(file), await source.facts())))
      }
    }),
    endpoint({
      method: 'GET',
      path: '/upstreams/{upstream}',
      access: 'read',
      tag: 'upstreams',
      summary: 'One upstream, by name or id.',
      answers: { 200: UpstreamView, 404: Failure },
      async run (call) {
        const file = call.source.running()
        return ok(oneUpstream(file.config, viewsOf(file), named(call), await call.source.facts()))
      }
    }),
    endpoint({
      method: 'GET',
      path: '/upstreams/{upstream}/targets',
      access: 'read',
      tag: 'upstreams',
      summary: 'The targets of an upstream.',
      answers: { 200: list(TargetView, 'Targets.'), 404: Failure },
      run (call) {
        const file = call.source.running()
        return listOf(targetViews(file.config, viewsOf(file), named(call)))
      }
    }),
    endpoint({
      method: 'GET',
      path: '/upstreams/{upstream}/health',
      access: 'read',
      tag: 'upstreams',
      summary: 'The targets of an upstream, and how they fare.',
      answers: { 200: list(TargetHealthView, 'Targets.'), 404: Failure },
      async run (call) {
        const file = call.source.running()
        return listOf(targetHealth(file.config, viewsOf(file), named(call), await call.source.facts()))
      }
    })
  ]
}
