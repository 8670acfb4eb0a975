import { slug, listOf, type Draft, type Item, type Place } from '../draft.ts'
import { isItem, texts, type Structured } from '../structured.ts'
import type { Operation } from './operations.ts'

/** An issuer that nobody has (RFC 2606): every token is refused until the real one stands there. */
const MISSING_ISSUER = 'https://issuer.invalid/'

/** What a scheme becomes; null where nothing here does the same. */
interface Entry {
  readonly plugin: Item
  /** What the user has to do, where something has to be filled in. */
  readonly todo: string | null
}

/** Security schemes and requirements as entries of plugins. What isn't understood is closed, never open. */
export class Security {
  readonly #schemes: Item
  readonly #source: Structured
  readonly #draft: Draft

  constructor (source: Structured, draft: Draft) {
    this.#source = source
    this.#draft = draft
    const components = source.value['components']
    const schemes = isItem(components) ? components['securitySchemes'] : undefined
    this.#schemes = isItem(schemes) ? schemes : {}
  }

  /** Says who may call a route, or all routes of a service. */
  apply (owner: Item, { security, securityPlace: place }: Operation): void {
    const alternatives = requirements(security)
    if (alternatives === null) {
      this.#draft.close(owner, 'security', 'what stands there is no list of requirements.', place)
      return
    }
    if (alternatives.length === 0) return
    const optional = alternatives.some(alternative => alternative.length === 0)
    const named = alternatives.filter(alternative => alternative.length > 0)
    if (named.length === 0) return
    const single = named.length === 1 ? named[0] : undefined
    if (single === undefined && named.some(alternative => alternative.length > 1)) {
      this.#draft.close(owner, 'security', 'alternatives of several schemes each can\'t be said.', place)
      return
    }
    const entries = this.#entries(owner, named.flat(), single === undefined, place)
    if (entries === null) return
    const plugins = listOf(owner, 'plugins')
    plugins.push(...entries)
    const names = entries.map(entry => String(entry['name']))
    if (optional) {
      const policy: Item = { name: 'auth-policy', config: { public: true } }
      this.#draft.tell('changed', 'security', 'callers without credentials may pass, as `{}` in the document says; those with valid ones are told to the service.', place, policy)
      plugins.push(policy)
    } else if (names.length > 1) plugins.push({ name: 'auth-policy', config: single === undefined ? { any_of: names } : { all_of: names } })
  }

  /** @returns null when the owner was closed */
  #entries (owner: Item, wanted: ReadonlyArray<readonly [string, string[]]>, either: boolean, place: Place): Item[] | null {
    const entries = new Map<string, Item>()
    for (const [name, scopes] of wanted) {
      const made = this.#entry(name, scopes)
      const known = made === null ? undefined : entries.get(String(made.plugin['name']))
      if (typeof made === 'string' || made === null) {
        this.#draft.close(owner, `securitySchemes.${name}`, 'nothing here does the same.', place)
        return null
      }
      if (known !== undefined) {
        if (either && mergeKeys(known, made.plugin)) continue
        this.#draft.close(owner, `securitySchemes.${name}`, `\`${String(known['name'])}\` can't stand there twice.`, place)
        return null
      }
      entries.set(String(made.plugin['name']), made.plugin)
      if (made.todo !== null) this.#draft.tell('todo', `securitySchemes.${name}`, made.todo, this.#source.at('components', 'securitySchemes', name), made.plugin)
    }
    return [...entries.values()]
  }

  #entry (name: string, scopes: readonly string[]): Entry | null {
    const scheme = this.#schemes[name]
    if (!isItem(scheme)) return null
    const kind = String(scheme['type'])
    const required = scopes.length === 0 ? {} : { scopes_required: [scopes.join(' ')] }
    if (kind === 'http') return httpEntry(String(scheme['scheme']).toLowerCase(), scopes)
    if (kind === 'apiKey') return scopes.length === 0 ? keyEntry(scheme) : null
    if (kind === 'oauth2') {
      return {
        plugin: { name: 'jwt', config: { issuer: MISSING_ISSUER, uri_param_names: [], ...required } },
        todo: 'write the issuer of the tokens, and the audience that they must name. For tokens that are no JWTs use oauth2-introspection.'
      }
    }
    if (kind === 'openIdConnect') {
      const issuer = issuerOf(scheme['openIdConnectUrl'])
      return {
        plugin: { name: 'openid-connect', config: { issuer: issuer ?? MISSING_ISSUER, bearer_token_param_type: ['header'], ...required } },
        todo: issuer === null ? 'write the issuer of the tokens.' : 'write the audience that tokens must name (`audience_required`): without it, tokens for other APIs are accepted too.'
      }
    }
    return null
  }

  /** The document may mean it: said once, with the number. */
  sayPublic (operations: readonly Operation[]): void {
    const open = operations.filter(({ security }) => requirements(security)?.every(alternative => alternative.length === 0) === true)
    const [first] = open
    if (first === undefined) return
    this.#draft.tell('changed', 'security', `${open.length} of ${operations.length} operations ask for no credentials, as the document says (the first is ${first.method} ${first.path}).`, first.place, this.#draft.file)
  }
}

/** Each alternative as its schemes; null for what is no list. */
function requirements (security: unknown): Array<Array<[string, string[]]>> | null {
  if (security === undefined || security === null) return []
  if (!Array.isArray(security) || !security.every(isItem)) return null
  return security.map(alternative => Object.entries(alternative).map(([name, scopes]) => [name, texts(scopes)]))
}

function httpEntry (scheme: string, roles: readonly string[]): Entry | null {
  if (scheme === 'basic' && roles.length === 0) return { plugin: { name: 'basic-auth' }, todo: 'add consumers with `basicauth_credentials`.' }
  if (scheme !== 'bearer') return null
  return {
    plugin: { name: 'jwt', config: { issuer: MISSING_ISSUER, uri_param_names: [], ...(roles.length === 0 ? {} : { roles_required: [roles.join(' ')] }) } },
    todo: 'write the issuer of the tokens, and the audience that they must name. For tokens that are no JWTs use oauth2-introspection.'
  }
}

function keyEntry ({ in: where, name }: Item): Entry | null {
  if (typeof name !== 'string' || slug(name) === '' || (where !== 'header' && where !== 'query')) return null
  return {
    plugin: { name: 'key-auth', config: { key_names: [name], key_in_header: where === 'header', key_in_query: where === 'query' } },
    todo: 'add consumers with `keyauth_credentials` (`sallyport keys create --consumer NAME`).'
  }
}

/** Two names of one key in the same place are one entry. */
function mergeKeys (known: Item, other: Item): boolean {
  const config = known['config'] as Item | undefined
  const more = other['config'] as Item | undefined
  if (known['name'] !== 'key-auth' || config === undefined || more === undefined || config['key_in_header'] !== more['key_in_header']) return false
  config['key_names'] = [...new Set([...texts(config['key_names']), ...texts(more['key_names'])])]
  return true
}

/** https alone, without the path of the discovery document. */
function issuerOf (url: unknown): string | null {
  if (typeof url !== 'string' || !url.startsWith('https://')) return null
  return url.replace(/\.well-known\/openid-configuration$/, '')
}
