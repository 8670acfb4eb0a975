import type { HashInput as InputName, Upstream } from '../../config/model.ts'
import type { Context } from '../../gateway/context.ts'
import { cookieValue, setCookie } from './cookie.ts'

/** What tells requests apart; null: this one has nothing of the kind. */
export type HashInput = (context: Context) => string | null

/** Reads what `hash_on` says, or else what `hash_fallback` says. */
export function hashInput (upstream: Upstream): HashInput {
  const first = reader(upstream.hash_on, upstream, upstream.hash_on_header, upstream.hash_on_query_arg, upstream.hash_on_uri_capture)
  if (upstream.hash_fallback === 'none') return first
  const second = reader(upstream.hash_fallback, upstream, upstream.hash_fallback_header, upstream.hash_fallback_query_arg, upstream.hash_fallback_uri_capture)
  return context => first(context) ?? second(context)
}

// the loader has seen to it that the names are there
function reader (input: InputName, upstream: Upstream, header: string | null, argument: string | null, capture: string | null): HashInput {
  switch (input) {
    case 'none': return () => null
    case 'consumer': return context => context.consumer?.id ?? context.credential?.id ?? null
    case 'ip': return context => context.clientIp
    case 'path': return context => context.path
    case 'header': return fieldReader(header as string)
    case 'cookie': return cookieReader(upstream.hash_on_cookie as string, upstream.hash_on_cookie_path)
    case 'query_arg': return argumentReader(argument as string)
    case 'uri_capture': return context => present(context.captures[capture as string])
  }
}

function fieldReader (name: string): HashInput {
  const lower = name.toLowerCase()
  // the Host that goes up is the target's own
  if (lower === 'host') return context => present(context.hostHeader)
  return context => {
    const { headers } = context.upstream as NonNullable<Context['upstream']>
    const value = headers.get(lower)
    return value === undefined ? null : present(headers.getAll(lower).join(', '))
  }
}

/** Decoded, since two spellings of one value are one value; several are sorted, since their order means nothing. */
function argumentReader (name: string): HashInput {
  return ({ query }) => query === null || query === '' ? null : present(new URLSearchParams(query).getAll(name).sort().join(','))
}

/** A client without the cookie gets one, and this request goes where the next ones will. */
function cookieReader (name: string, path: string): HashInput {
  return context => {
    const value = context.affinityKey ?? cookieValue(context, name)
    if (value !== null) return value
    const made = crypto.randomUUID()
    context.affinityKey = made
    setCookie(context, name, made, path)
    return made
  }
}

function present (value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value
}
