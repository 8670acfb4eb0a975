/** An explanation for people, at 80 columns. */
import type { Painter } from '../cli/paint.ts'
import { chainLines } from './text-chain.ts'
import { at, block, nameOf, wrap } from './text-parts.ts'
import { nearLines } from './text-near.ts'
import type { ExplainedPath, ExplainedUpstream, Explanation } from './types.ts'

/** @param file what the user calls the file */
export function explanationText (explanation: Explanation, file: string, paint: Painter): string {
  const { request, path, route, chain, left_out: leftOut, upstream, notes, near, near_more: more } = explanation
  const local = explanation.outcome.kind !== 'upstream' && explanation.outcome.kind !== 'no-service'
  return [
    ...verdict(explanation, paint),
    ...notes.flatMap(note => wrap(`note: ${note}`, '', '      ')),
    ...block('REQUEST', requestLines(explanation, file), paint),
    ...block('PATH', path === null ? [] : pathLines(path), paint),
    ...block('ROUTE', route === null
      ? []
      : [
          ...wrap(`${nameOf(route)}, number ${route.position} in matching order${at(route, file)}`),
          ...route.matched_path === null ? [] : wrap(`its path ${route.matched_path} accepts the request`),
          ...Object.entries(route.captures).map(([name, text]) => `  ${name}: ${text}`)
        ], paint),
    ...block(route === null ? 'NEAREST ROUTES' : 'NEAR ROUTES', nearLines(near, more, file), paint),
    ...block(route === null ? 'CHAIN of requests without a route' : 'CHAIN', [
      ...chain.length === 0 && explanation.outcome.kind !== 'refused' ? ['no plugins'] : [],
      ...chain.length > 0 && local ? ['the gateway answers by itself: only response and log hooks of these run'] : [],
      ...chainLines(chain, leftOut, request.consumer, file)
    ], paint),
    ...block('UPSTREAM, if the plugins let it pass (--run tries them), before they change it', upstream === null || local ? [] : upstreamLines(upstream, file, paint), paint)
  ].map(line => `${line.trimEnd()}\n`).join('')
}

function verdict ({ request, outcome, route, upstream }: Explanation, paint: Painter): string[] {
  const asked = paint.strong(`${request.method} ${request.url}`)
  const { status, code, message, location } = outcome
  switch (outcome.kind) {
    case 'upstream': return [asked, `${paint.good('goes to')} route ${nameOf(route)}, service ${nameOf(upstream?.service ?? null)}`]
    case 'no-service': return [asked, `${paint.warning('goes to')} route ${nameOf(route)}, which has no service`]
    case 'https-required': return [asked, `${paint.warning(String(status))} route ${nameOf(route)} wants https${location === null ? '' : `: ${location}`}`]
    case 'not-found': return [asked, `${paint.error('404')} no route takes it`]
    case 'refused': return [asked, `${paint.error(String(status))} refused before any plugin: ${message ?? 'Bad request'} (${code})`]
  }
}

function requestLines ({ request }: Explanation, file: string): string[] {
  const { listener, peer, client_ip: ip, trusted, sni, consumer, scheme, url } = request
  return [
    ...listener === null ? [] : [`listener  ${listener.host}:${listener.port}, ${listener.tls ? 'https' : 'http'}${listener.line === null ? '' : at(listener, file)}`],
    ...url.startsWith(`${scheme}:`) ? [] : [`scheme    ${scheme}, to the gateway`],
    `client    ${ip}${ip === peer ? '' : `, by way of ${peer}`}${trusted ? `, ${ip === peer ? 'trusted' : 'which is trusted'}` : ''}`,
    ...sni === null ? [] : [`sni       ${sni}`],
    ...consumer === null ? [] : [`consumer  ${consumer}`]
  ]
}

/** Nothing where there is nothing to say: most paths are what they look like. */
function pathLines ({ received, normal, features }: ExplainedPath): string[] {
  if (normal === received && features.length === 0) return []
  return [
    ...wrap(normal === null ? `${received} is refused` : normal === received ? received : `${received} is read as ${normal}`),
    ...features.flatMap(({ feature, action, policy, refused }) => wrap(`${feature}: ${action}, by the path_policy of the ${policy}${refused ? ': this is why' : ''}`, '  '))
  ]
}

function upstreamLines ({ method, url, balanced, headers, dropped }: ExplainedUpstream, file: string, paint: Painter): string[] {
  const own = headers.filter(({ by }) => by === 'gateway')
  return [
    ...wrap(`${method} ${url}`),
    ...balanced === null
      ? []
      : wrap(`to one of ${balanced.targets.length} targets of ${nameOf(balanced.upstream)} by ${balanced.algorithm}: ${balanced.targets.map(({ target, weight, failover }) => `${target} (${weight}${failover ? ', failover' : ''})`).join(', ')}${at(balanced.upstream, file)}`, '  '),
    ...headers.filter(({ by }) => by === 'client').flatMap(({ name, value }) => wrap(`${name}: ${value}`, '  ', '      ')),
    ...own.flatMap(({ name, value }) => wrap(`${name}: ${value}`, paint.good('+ '), '      ')),
    ...dropped.flatMap(({ name, reason }) => wrap(`${name}  (${reason})`, paint.error('- '), '      '))
  ]
}
