/** Who may call: steps that authenticate, as entries and one policy over them. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Item } from '../draft.ts'
import { isItem, texts } from '../structured.ts'
import { add, closeFor, type PolicyContext, type Step } from './step.ts'
import { withReferences } from './values.ts'

interface Made {
  readonly name: string
  readonly config: Item
  readonly todo: string | null
  readonly changed: string | null
}

/** @param directory where relative files start */
export function authenticate (context: PolicyContext, steps: readonly Step[], directory: string): void {
  const { draft, route, what, scopes } = context
  const active = steps.filter(({ condition }) => condition !== 'never')
  const lastStep = active.at(-1)
  if (lastStep === undefined) return
  if (lastStep.action['passThrough'] === true) return closeFor(context, lastStep, '`passThrough` lets everybody pass: write `auth-policy` with `public: true` if that is meant.')
  // each of the others lets those through that it doesn't know, or only runs for those whom nobody knows yet
  const either = active.slice(0, -1).every((step, index) => step.action['passThrough'] === true || active[index + 1]?.condition === 'anonymous')
  const entries = new Map<string, Item>()
  for (const step of active) {
    const made = entryOf(step, context, directory)
    if (typeof made === 'string') return closeFor(context, step, made)
    const known = entries.get(made.name)
    if (known !== undefined) {
      if (either && mergeTokens(known, made.config)) continue
      return closeFor(context, step, 'twice with different options can\'t be said.')
    }
    const entry = add(route, made.name, made.config)
    entries.set(made.name, entry)
    const subject = `${what}: ${step.policy}`
    if (made.todo !== null) draft.tell('todo', subject, made.todo, step.place, entry)
    if (made.changed !== null) draft.tell('changed', subject, made.changed, step.place, entry)
    if (!['always', 'anonymous'].includes(step.condition)) draft.tell('changed', subject, `its condition (${step.condition}) can't be said: it is asked of all requests.`, step.place, entry)
  }
  if (entries.size < 2 && scopes.length === 0) return
  if (scopes.length > 0) draft.tell('changed', what, 'the scopes of the endpoint are looked for where the credential has them: `scope` of a token, `scopes` of a key.', lastStep.place, route)
  const parts = [...entries.keys()].map(plugin => scopes.length === 0 ? plugin : { plugin, scopes })
  add(route, 'auth-policy', either ? { any_of: parts } : { all_of: parts })
}

/** @returns why there is none */
function entryOf (step: Step, context: PolicyContext, directory: string): Made | string {
  const { policy, action } = step
  if (policy === 'jwt') return jwt(action, context, directory)
  if (policy === 'basic-auth') return { name: 'basic-auth', config: {}, todo: 'users are in Redis: add them as consumers with `basicauth_credentials`.', changed: null }
  if (policy === 'key-auth') return keyAuth(action)
  const { endpoint, authorization_value: authorization, ttl, timeout } = action
  if (typeof endpoint !== 'string') return 'it names no endpoint.'
  return {
    name: 'oauth2-introspection',
    config: {
      introspection_url: withReferences(endpoint, context.draft),
      ...(typeof authorization === 'string' ? { authorization_value: withReferences(authorization, context.draft) } : {}),
      ...(typeof ttl === 'number' ? { ttl } : {}),
      ...(typeof timeout === 'number' ? { timeout } : {})
    },
    todo: null,
    changed: null
  }
}

function jwt (action: Item, { draft }: PolicyContext, directory: string): Made | string {
  const field = typeof action['jwtExtractorField'] === 'string' ? action['jwtExtractorField'] : ''
  const extractor = action['jwtExtractor'] ?? 'authBearer'
  const place = extractor === 'authBearer' || (extractor === 'authScheme' && field.toLowerCase() === 'bearer')
    ? { uri_param_names: [] }
    : extractor === 'header' && field !== ''
      ? { header_names: [field.toLowerCase()], uri_param_names: [] }
      : extractor === 'query' && field !== '' ? { header_names: [], uri_param_names: [field] } : null
  if (place === null) return 'where the token stands can\'t be said.'
  const key = keyOf(action, directory)
  const config: Item = {
    ...(typeof action['issuer'] === 'string' ? { issuer: withReferences(action['issuer'], draft) } : {}),
    ...(typeof action['audience'] === 'string' ? { audience: [withReferences(action['audience'], draft)] } : {}),
    ...(key.value === null ? {} : { [key.field]: withReferences(key.value, draft) }),
    ...(Array.isArray(action['algorithms']) ? { algorithms: action['algorithms'] } : {}),
    ...place,
    // its `sub` has to be a credential in Redis
    ...(action['checkCredentialExistence'] === false ? {} : { consumer_claim: ['sub'] })
  }
  const todos = [
    ...(key.todo === null ? [] : [key.todo]),
    ...(action['checkCredentialExistence'] === false ? [] : ['credentials are in Redis: add a consumer for each `sub`, by its `username` or `custom_id`.'])
  ]
  return { name: 'jwt', config, todo: todos.length === 0 ? null : todos.join(' '), changed: null }
}

function keyOf (action: Item, directory: string): { field: string, value: string | null, todo: string | null } {
  const written = action['secretOrPublicKey']
  const file = action['secretOrPublicKeyFile']
  const asymmetric = texts(action['algorithms']).some(name => !name.startsWith('HS'))
  if (typeof written === 'string') return { field: written.includes('-----BEGIN') || asymmetric ? 'public_key' : 'secret', value: written, todo: null }
  try {
    const text = readFileSync(resolve(directory, String(file)), 'utf8')
    if (text.includes('-----BEGIN')) return { field: 'public_key', value: text.trim(), todo: null }
  } catch {
    // said below
  }
  const field = asymmetric ? 'public_key' : 'secret'
  return { field, value: `{vault://env/JWT_${field.toUpperCase()}}`, todo: `set the variable JWT_${field.toUpperCase()} to what ${String(file)} holds.` }
}

function keyAuth (action: Item): Made | string {
  const header = String(action['apiKeyHeader'] ?? 'Authorization')
  const name = header.toLowerCase() === 'authorization' ? 'apikey' : header
  const query = String(action['apiKeyField'] ?? 'apiKey')
  const inHeader = action['disableHeaders'] !== true
  const inQuery = action['disableQueryParam'] !== true
  if (!inHeader && !inQuery) return 'no key could be sent.'
  return {
    name: 'key-auth',
    config: { key_names: [...new Set([...(inHeader ? [name] : []), ...(inQuery ? [query] : [])])], key_in_header: inHeader, key_in_query: inQuery },
    todo: 'keys are in Redis, and can\'t be read there: make new ones (`sallyport keys create --consumer NAME`).',
    changed: name === header ? null : `clients send \`${name}: KEY\`, not \`Authorization: apiKey KEY\`.`
  }
}

/** The same tokens in another place of the request. */
function mergeTokens (entry: Item, other: Item): boolean {
  const config = entry['config']
  if (!isItem(config)) return false
  const places = ['header_names', 'uri_param_names'] as const
  const rest = (item: Item): string => JSON.stringify(Object.entries(item).filter(([key]) => !places.some(place => place === key)).sort())
  if (entry['name'] !== 'jwt' || rest(config) !== rest(other)) return false
  for (const place of places) {
    const fallback = place === 'header_names' ? ['authorization'] : []
    config[place] = [...new Set([...texts(config[place] ?? fallback), ...texts(other[place] ?? fallback)])]
  }
  return true
}
