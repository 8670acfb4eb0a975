import type { Draft, Item } from '../draft.ts'
import type { Directive } from './parse.ts'

/** Names of `upstream` blocks become those of upstreams. */
export function importUpstream (draft: Draft, { args, block, place }: Directive): Item {
  const name = args[0] ?? 'upstream'
  const upstream: Item = { name, targets: [] }
  const what = `upstream ${name}`
  for (const directive of block ?? []) {
    const [first = ''] = directive.args
    if (directive.name === 'server') (upstream['targets'] as Item[]).push(...target(draft, directive, upstream, what))
    else if (directive.name === 'least_conn') upstream['algorithm'] = 'least-connections'
    else if (directive.name === 'least_time') upstream['algorithm'] = 'latency'
    else if (directive.name === 'ip_hash') Object.assign(upstream, { algorithm: 'consistent-hashing', hash_on: 'ip' })
    else if (directive.name === 'hash') hash(draft, directive, upstream, what)
    else if (directive.name === 'sticky' && first === 'cookie') Object.assign(upstream, { algorithm: 'sticky-sessions', sticky_sessions_cookie: directive.args[1] ?? 'route' })
    else if (!['keepalive', 'keepalive_timeout', 'keepalive_requests', 'keepalive_time', 'zone', 'random'].includes(directive.name)) draft.tell('left_out', `${what}: ${directive.name}`, 'not translated.', directive.place, upstream)
  }
  draft.tell('changed', what, 'failed targets are retried and taken out by the rules of Sallyport: `max_fails` and `fail_timeout` are passive health checks here (docs/guides/load-balancing.md).', place, upstream)
  draft.list('upstreams').push(upstream)
  return upstream
}

function target (draft: Draft, { args, place }: Directive, upstream: Item, what: string): Item[] {
  const [address = '', ...options] = args
  if (address.startsWith('unix:')) {
    draft.tell('left_out', `${what}: server ${address}`, 'sockets of the file system are not supported.', place, upstream)
    return []
  }
  const option = (name: string): string | undefined => options.find(text => text.startsWith(`${name}=`))?.slice(name.length + 1)
  const weight = options.includes('down') ? 0 : Number(option('weight') ?? 1) * 100
  return [{
    target: /:\d+$/.test(address) ? address : `${address}:80`,
    ...(weight === 100 ? {} : { weight: Math.min(weight, 65_535) }),
    ...(options.includes('backup') ? { failover: true } : {})
  }]
}

function hash (draft: Draft, { args, place }: Directive, upstream: Item, what: string): void {
  const [key = ''] = args
  const header = /^\$http_(\w+)$/.exec(key)?.[1]
  const cookie = /^\$cookie_(\w+)$/.exec(key)?.[1]
  const argument = /^\$arg_(\w+)$/.exec(key)?.[1]
  upstream['algorithm'] = 'consistent-hashing'
  if (key === '$remote_addr' || key === '$binary_remote_addr') upstream['hash_on'] = 'ip'
  else if (key === '$request_uri' || key === '$uri') upstream['hash_on'] = 'path'
  else if (header !== undefined) Object.assign(upstream, { hash_on: 'header', hash_on_header: header.replaceAll('_', '-') })
  else if (cookie !== undefined) Object.assign(upstream, { hash_on: 'cookie', hash_on_cookie: cookie })
  else if (argument !== undefined) Object.assign(upstream, { hash_on: 'query_arg', hash_on_query_arg: argument })
  else {
    delete upstream['algorithm']
    draft.tell('changed', `${what}: hash ${key}`, 'targets are taken in turn: what is hashed there can\'t be said.', place, upstream)
  }
}
