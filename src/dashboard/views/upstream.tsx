import type { JSX } from 'preact'
import type { List, ServiceView, UpstreamView } from '../../admin/api/types.ts'
import { href } from '../lib/location.ts'
import { endpoint, OFTEN } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { Breaker, Codes, Fact, Facts, Health, PlaceLink } from '../parts/marks.tsx'
import { Empty, Loaded } from '../parts/states.tsx'
import { Targets } from '../parts/targets.tsx'

export function OneUpstream ({ name }: { readonly name: string }): JSX.Element {
  const upstream = useResource<UpstreamView>(endpoint('upstreams', name), OFTEN)
  return (
    <>
      <p class='crumb'><a href={href(['upstreams'])}>Upstreams</a></p>
      <h1 tabIndex={-1} class='mono'>{name}</h1>
      <Loaded of={upstream} what='the upstream'>{data => (
        <Facts>
          <Fact name='Health'><Health of={data.health} /></Fact>
          <Fact name='Algorithm'>{data.algorithm}{data.hash_on === 'none' ? '' : `, by ${data.hash_on}`}</Fact>
          <Fact name='Used by'><Codes of={data.services.map(each => each.name ?? each.id)} none='no service' /></Fact>
          {data.tags.length === 0 ? null : <Fact name='Tags'><Codes of={data.tags} /></Fact>}
          <Fact name='Stands at'><PlaceLink place={data.place} /></Fact>
        </Facts>
      )}
      </Loaded>
      <section><h2>Targets</h2><Targets upstream={name} /></section>
      <section><h2>Circuit breakers</h2><Breakers upstream={name} /></section>
    </>
  )
}

function Breakers ({ upstream }: { readonly upstream: string }): JSX.Element {
  const services = useResource<List<ServiceView>>('/services', OFTEN)
  return (
    <Loaded of={services} what='the services'>{({ data }) => {
      const rows = data.filter(each => each.upstream?.name === upstream || each.upstream?.id === upstream).flatMap(service => service.circuit_breakers.map(breaker => ({ service: service.name ?? service.id, ...breaker })))
      if (rows.length === 0) return <Empty title='No breaker has seen a request.'>A service has one with <code>circuit_breaker:</code>; it opens when too many calls fail.</Empty>
      return (
        <div class='frame' role='region' aria-label='Circuit breakers' tabIndex={0}>
          <table class='lines'>
            <caption class='sr'>Circuit breakers</caption>
            <thead><tr><th scope='col'>Service</th><th scope='col'>Route</th><th scope='col' class='grow'>Target</th><th scope='col'>State</th></tr></thead>
            <tbody>{rows.map((row, i) => <tr key={i}><th scope='row' class='mono'>{row.service}</th><td class='mono'>{row.route ?? 'all'}</td><td class='mono grow'>{row.target ?? 'all'}</td><td><Breaker state={row.state} /></td></tr>)}</tbody>
          </table>
        </div>
      )
    }}
    </Loaded>
  )
}
