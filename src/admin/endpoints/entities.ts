/** Services, routes, plugins, consumers and certificates of the file that runs, in Kong's shapes. */
import { Failure, list } from '../api/schemas/common.ts'
import { CertificateView, ConsumerView, PluginView, RouteDetails, RouteView, ServiceView } from '../api/schemas/entities.ts'
import type * as types from '../api/types.ts'
import { found, listOf, ok } from '../answer.ts'
import { endpoint, type Call, type Endpoint } from '../endpoint.ts'
import { authorityViews, certificateViews } from '../views/certificates.ts'
import { find } from '../views/names.ts'
import { CUT } from '../../cli/print/tree.ts'
import { breakersByService, breakerViews } from '../views/upstreams.ts'
import type { ViewsOf } from '../views/views-of.ts'

export function entityEndpoints (viewsOf: ViewsOf): readonly Endpoint[] {
  async function services ({ source, spread }: Call): Promise<types.ServiceView[]> {
    const breakers = breakersByService(await source.facts())
    const views = await spread(viewsOf(source.running()).services())
    return views.map(service => ({ ...service, circuit_breakers: breakerViews(breakers.get(service.name ?? service.id) ?? [], service.host === CUT) }) as types.ServiceView)
  }

  return [
    endpoint({
      method: 'GET',
      path: '/services',
      access: 'read',
      tag: 'entities',
      summary: 'All services.',
      answers: { 200: list(ServiceView, 'Services.') },
      run: async call => listOf(await services(call))
    }),
    endpoint({
      method: 'GET',
      path: '/services/{service}',
      access: 'read',
      tag: 'entities',
      summary: 'One service, by name or id.',
      answers: { 200: ServiceView, 404: Failure },
      run: async call => ok(found(find(await services(call), call.params['service'] as string), 'service'))
    }),
    endpoint({
      method: 'GET',
      path: '/services/{service}/routes',
      access: 'read',
      tag: 'entities',
      summary: 'The routes of a service.',
      answers: { 200: list(RouteView, 'Routes.'), 404: Failure },
      async run ({ source, params, spread }) {
        const file = source.running()
        const { id } = found(find(file.config.services, params['service'] as string), 'service')
        return listOf((await spread(viewsOf(file).routes())).filter(route => route.service?.id === id))
      }
    }),
    endpoint({
      method: 'GET',
      path: '/routes',
      access: 'read',
      tag: 'entities',
      summary: 'All routes.',
      answers: { 200: list(RouteView, 'Routes.') },
      run: async ({ source, spread }) => listOf(await spread(viewsOf(source.running()).routes()))
    }),
    endpoint({
      method: 'GET',
      path: '/routes/{route}',
      access: 'read',
      tag: 'entities',
      summary: 'One route with its chain, by name or id.',
      answers: { 200: RouteDetails, 404: Failure },
      run: ({ source, params }) => ok(found(viewsOf(source.running()).route(params['route'] as string), 'route'))
    }),
    endpoint({
      method: 'GET',
      path: '/plugins',
      access: 'read',
      tag: 'entities',
      summary: 'All plugin entries, secrets cut.',
      answers: { 200: list(PluginView, 'Entries.') },
      run: async ({ source, spread }) => listOf(await spread(viewsOf(source.running()).plugins()))
    }),
    endpoint({
      method: 'GET',
      path: '/consumers',
      access: 'read',
      tag: 'entities',
      summary: 'All consumers, without what they prove themselves with.',
      answers: { 200: list(ConsumerView, 'Consumers.') },
      run: async ({ source, spread }) => listOf(await spread(viewsOf(source.running()).consumers()))
    }),
    endpoint({
      method: 'GET',
      path: '/certificates',
      access: 'read',
      tag: 'entities',
      summary: 'The certificates that the gateway shows, without keys.',
      answers: { 200: list(CertificateView, 'Certificates.') },
      run: async ({ source, spread }) => listOf(await spread(certificateViews(source.running(), viewsOf(source.running()).names)))
    }),
    endpoint({
      method: 'GET',
      path: '/ca_certificates',
      access: 'read',
      tag: 'entities',
      summary: 'The authorities that it trusts.',
      answers: { 200: list(CertificateView, 'Authorities.') },
      run: async ({ source, spread }) => listOf(await spread(authorityViews(source.running(), viewsOf(source.running()).names)))
    })
  ]
}
