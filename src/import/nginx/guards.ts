/** Who may pass: addresses, passwords, subrequests, limits. */
import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { listOf, slug, type Item } from '../draft.ts'
import { addPlugin, closeRoute, type LocationContext } from './context.ts'
import { limitKey } from './keys.ts'
import type { Directive } from './parse.ts'
import { bytes, inherited, last, type Scope } from './words.ts'

/** nginx's own, where nothing is written. */
const DEFAULT_BODY = '1m'

export function addGuards (context: LocationContext): void {
  const { scope, route } = context
  const satisfy = last(scope, 'satisfy')
  if (satisfy?.args[0] === 'any' && inherited(scope, 'allow', 'deny').length > 0) {
    closeRoute(context, satisfy, 'either an address or a password can\'t be said.')
    return
  }
  addresses(context)
  passwords(context)
  subrequest(context)
  for (const directive of inherited(scope, 'limit_req')) limitRequests(context, directive)
  for (const directive of inherited(scope, 'limit_conn')) limitConnections(context, directive)
  const size = last(scope, 'client_max_body_size')
  const limit = bytes(size?.args[0] ?? DEFAULT_BODY)
  if (limit === null) return closeRoute(context, size as Directive, 'the size can\'t be read.')
  // 0: any size. Written as a large one, since the entry for all routes would hold otherwise
  const config = limit === 0 ? { allowed_payload_size: 1_048_576 } : limit % 1_048_576 === 0 ? { allowed_payload_size: limit / 1_048_576 } : { allowed_payload_size: limit, size_unit: 'bytes' }
  addPlugin(route, 'request-size-limiting', config)
  context.whole.sizes.set(route, JSON.stringify(config))
}

/** The first rule that matches decides: lists are the same only when no rule covers a part of a later one that says otherwise. */
function addresses (context: LocationContext): void {
  const rules = inherited(context.scope, 'allow', 'deny')
  const end = rules.findIndex(({ args }) => args[0] === 'all')
  const own = (end === -1 ? rules : rules.slice(0, end))
  const denies = own.filter(({ name }) => name === 'deny').map(({ args }) => args[0] ?? '')
  const allows = own.filter(({ name }) => name === 'allow').map(({ args }) => args[0] ?? '')
  const closed = end !== -1 && rules[end]?.name === 'deny'
  const [first] = rules
  if (first === undefined) return
  if (own.some(({ args }) => args[0] === 'unix:')) return closeRoute(context, first, 'rules about `unix:` can\'t be said.')
  const lastDeny = own.findLastIndex(({ name }) => name === 'deny')
  const firstAllow = own.findIndex(({ name }) => name === 'allow')
  // a deny behind an allow may be about a range that holds what was allowed
  if (firstAllow !== -1 && lastDeny > firstAllow && denies.length > 0) return closeRoute(context, first, 'allowed addresses stand before denied ranges: the order can\'t be said.')
  if (closed && allows.length === 0) {
    addPlugin(context.route, 'request-termination', { status_code: 403, message: 'Forbidden' })
  } else if (closed) {
    addPlugin(context.route, 'ip-restriction', { allow: allows, ...(denies.length === 0 ? {} : { deny: denies }) })
  } else if (denies.length > 0) addPlugin(context.route, 'ip-restriction', { deny: denies })
}

/** Whether nobody passes at all. */
export function deniesAll (scope: Scope): boolean {
  const [first] = inherited(scope, 'allow', 'deny')
  return first?.name === 'deny' && first.args[0] === 'all'
}

function passwords (context: LocationContext): void {
  const { scope, route, draft, whole, what } = context
  const realm = last(scope, 'auth_basic')
  if (realm === undefined || realm.args[0] === 'off') return
  const file = last(scope, 'auth_basic_user_file')
  if (file === undefined || realm.args[0]?.includes('$') === true) return closeRoute(context, realm, 'its file of passwords, or its realm, can\'t be said.')
  const entry = addPlugin(route, 'basic-auth', { realm: realm.args[0] ?? 'service' })
  const name = file.args[0] ?? ''
  // files in several folders may have one name: their users must not become one group
  const same = whole.passwordFiles.filter(file => slug(basename(file)) === slug(basename(name)))
  const group = `htpasswd-${slug(basename(name))}${same.length > 1 ? `-${same.indexOf(name) + 1}` : ''}`
  if (whole.passwordFiles.length > 1) addPlugin(route, 'acl', { allow: [group] })
  let text: string
  try {
    text = readFileSync(resolve(whole.directory, name), 'utf8')
  } catch {
    draft.tell('todo', `${what}: auth_basic_user_file`, `${name} can't be read: add its users as consumers with \`basicauth_credentials\`${whole.passwordFiles.length > 1 ? ` and \`acls\` ${group}` : ''}.`, file.place, entry)
    return
  }
  for (const line of text.split('\n')) {
    const [, user, hash = ''] = /^([^#:\s][^:]*):([^:\s]*)/.exec(line) ?? []
    if (user === undefined) continue
    if (!/^\$2[aby]\$/.test(hash)) {
      draft.tell('left_out', `user ${user} of ${name}`, 'the hash of the password is none of bcrypt: make a new one with `htpasswd -nB`.', file.place, entry)
      continue
    }
    const known = whole.users.get(user)
    const consumer = known ?? { username: user, basicauth_credentials: [{ username: user, password: hash }] }
    if (known === undefined) {
      whole.users.set(user, consumer)
      draft.list('consumers').push(consumer)
    } else if ((known['basicauth_credentials'] as Item[])[0]?.['password'] !== hash) {
      draft.tell('left_out', `user ${user} of ${name}`, 'another file has the same user with another password.', file.place, entry)
      continue
    }
    if (whole.passwordFiles.length > 1 && !listOf(consumer, 'acls').some(acl => acl['group'] === group)) listOf(consumer, 'acls').push({ group })
  }
}

function subrequest (context: LocationContext): void {
  const { scope, route, draft, whole, what } = context
  const request = last(scope, 'auth_request')
  if (request === undefined || request.args[0] === 'off') return
  const uri = request.args[0] ?? ''
  const location = whole.locations.find(({ args }) => args.at(-1) === uri && args.length <= 2 && ['=', '^~', uri].includes(args[0] ?? ''))
  const pass = location?.block?.find(({ name }) => name === 'proxy_pass')?.args[0]
  const [, origin, host = '', path] = /^(https?:\/\/([^/$]+))(\/[^$]*)?$/.exec(pass ?? '') ?? []
  if (origin === undefined) return closeRoute(context, request, `what answers ${uri} can't be said as an address.`)
  const server = whole.http.find(({ name, args }) => name === 'upstream' && args[0] === host)?.block?.find(({ name }) => name === 'server')?.args[0]
  const answers = new Map(inherited(scope, 'auth_request_set').map(({ args }) => [args[0] ?? '', /^\$upstream_http_(\w+)$/.exec(args[1] ?? '')?.[1]?.replaceAll('_', '-')]))
  const passed = inherited(scope, 'proxy_set_header')
    .filter(({ args }) => args[0]?.toLowerCase() === answers.get(args[1] ?? ''))
    .map(({ args }) => args[0] ?? '')
  const entry = addPlugin(route, 'forward-auth', {
    url: (server === undefined ? origin : origin.replace(host, server)) + (path ?? uri),
    ...(passed.length === 0 ? {} : { upstream_headers: passed })
  })
  draft.tell('changed', `${what}: auth_request ${uri}`, 'the authoriser learns of the request from X-Forwarded-Method, -Host and -Uri; its cookies and headers are passed as they are.', request.place, entry)
}

function zoneOf ({ whole }: LocationContext, kind: string, { args }: Directive): Directive | undefined {
  const name = args.map(text => /^zone=([^:]+)/.exec(text)?.[1]).find(zone => zone !== undefined) ?? args[0]
  return whole.http.find(directive => directive.name === kind && directive.args.some(text => text.startsWith(`zone=${name}:`)))
}

function limitRequests (context: LocationContext, directive: Directive): void {
  const { scope, route, draft, what } = context
  const zone = zoneOf(context, 'limit_req_zone', directive)
  const by = limitKey(zone?.args[0] ?? '', context.whole.http)
  const [, rate, unit] = /^rate=(\d+)r\/([sm])$/.exec(zone?.args.find(text => text.startsWith('rate=')) ?? '') ?? []
  const known = (route['plugins'] as Item[]).some(({ name }) => name === 'rate-limiting')
  if (by === undefined || rate === undefined || known) return closeRoute(context, directive, known ? 'a second limit for the same location can\'t be said.' : 'its zone, or what the zone counts by, can\'t be said.')
  const status = Number(last(scope, 'limit_req_status')?.args[0] ?? 503)
  const entry = addPlugin(route, 'rate-limiting', {
    [unit === 's' ? 'second' : 'minute']: Number(rate),
    ...by,
    policy: 'local',
    ...(status === 429 ? {} : { error_code: status }),
    ...(last(scope, 'limit_req_dry_run')?.args[0] === 'on' ? { dry_run: true } : {})
  })
  draft.tell('changed', `${what}: limit_req`, 'requests over the rate are refused at once: there is no `burst`, with or without `nodelay`. Each route counts on its own, where nginx counts a zone.', directive.place, entry)
}

function limitConnections (context: LocationContext, directive: Directive): void {
  const { scope, route } = context
  const zone = zoneOf(context, 'limit_conn_zone', directive)
  const by = limitKey(zone?.args[0] ?? '', context.whole.http)
  const known = (route['plugins'] as Item[]).some(({ name }) => name === 'concurrency-limiting')
  if (by === undefined || known) return closeRoute(context, directive, known ? 'a second limit for the same location can\'t be said.' : 'its zone, or what the zone counts by, can\'t be said.')
  const status = Number(last(scope, 'limit_conn_status')?.args[0] ?? 503)
  addPlugin(route, 'concurrency-limiting', { limit: Number(directive.args[1]), ...by, ...(status === 429 ? {} : { error_code: status }) })
}
