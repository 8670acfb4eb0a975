import { type Consumers, type GatewayRequest, type Identity, isIdentityField, type UpstreamRequest } from '../../src/plugin.ts'

/** What a token says, but for its times, as the text of a JSON object; null: nobody is known, so there is nothing to vouch for. */
export function claimsOf (gateway: GatewayRequest, upstream: UpstreamRequest, consumers: Consumers, options: { issuer: string, audience: string | undefined, bind: boolean }): string | null {
  const { identity, consumer, credential, service } = gateway
  if (identity === null && consumer === null) return null
  const groups = identity?.groups ?? (consumer === null ? [] : consumers.aclGroups(consumer))
  return JSON.stringify({
    iss: options.issuer,
    aud: options.audience ?? service?.name ?? service?.id,
    // a token's `sub`, else the consumer's id: its name could be another one's `sub`
    sub: identity?.subject ?? consumer?.id,
    consumer: consumer === null ? undefined : { id: consumer.id, username: consumer.username ?? undefined, custom_id: consumer.custom_id ?? undefined },
    anonymous: upstream.headers.has('X-Anonymous-Consumer') ? true : undefined,
    credential: credential?.id,
    scope: join(identity?.scopes),
    roles: list(identity?.roles),
    groups: list(groups),
    headers: identity === null || identity.headers.length === 0 ? undefined : Object.fromEntries(identity.headers.map(([name, value]) => [name.toLowerCase(), value])),
    request: options.bind ? requestLine(upstream) : undefined
  })
}

/**
 * What an HMAC is made of: the names of the identity headers, the request where it is bound to it, and each header as
 * `name:value`, a line each; null: there are none.
 *
 * @param further those that the credential brings, whatever they are called
 * @param own name of the header that carries the signature, in lower case
 */
export function linesOf (upstream: UpstreamRequest, further: Identity['headers'], own: string, bind: boolean): string | null {
  const vouched = new Set(further.map(([name]) => name.toLowerCase()))
  const values = new Map<string, string>()
  for (const [name, value] of upstream.headers.entries()) {
    const lower = name.toLowerCase()
    if (lower === own || !(vouched.has(lower) || isIdentityField(lower))) continue
    const before = values.get(lower)
    // as Node joins them
    values.set(lower, before === undefined ? value : `${before}, ${value}`)
  }
  if (values.size === 0) return null
  const fields = [...values].sort(([one], [other]) => one < other ? -1 : 1)
  return [
    fields.map(([name]) => name).join(';'),
    ...bind ? [requestLine(upstream)] : [],
    ...fields.map(([name, value]) => `${name}:${value}`)
  ].join('\n')
}

/** As the service gets it. */
function requestLine ({ method, path, query }: UpstreamRequest): string {
  return `${method} ${path}${query === null ? '' : `?${query}`}`
}

function list (values: readonly string[] | undefined): readonly string[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values
}

function join (values: readonly string[] | undefined): string | undefined {
  return list(values)?.join(' ')
}
