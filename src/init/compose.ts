import { createApiKey, digestApiKey } from '../auth/api-key.ts'
import { editorLine } from '../import/editor-line.ts'
import { Draft, slug, type Item } from '../import/draft.ts'
import { render } from '../import/render.ts'
import type { Answers } from './answers.ts'

export interface Composed {
  /** gateway.yaml. */
  readonly text: string
  /** Shown once; the file has its hash alone. */
  readonly apiKey: string | null
}

/** A gateway.yaml that says why each part is there. */
export function compose (answers: Answers, directory: string): Composed {
  const draft = new Draft()
  const apiKey = answers.auth === 'key-auth' ? createApiKey() : null
  gateway(draft, answers)
  const service: Item = { name: nameOf(answers), url: answers.upstream, routes: [route(draft, answers)], plugins: [] }
  draft.comment(service, 'The service behind the gateway; a second one is a second item. Time-outs and retries stand here, too: connect_timeout, read_timeout, retries.')
  const plugins = service['plugins'] as Item[]
  authentication(draft, plugins, answers)
  if (answers.limit > 0) {
    const entry = { name: 'rate-limiting', config: { minute: answers.limit, limit_by: answers.auth === 'none' ? 'ip' : 'consumer', policy: 'local' } }
    draft.comment(entry, 'Counted by each gateway on its own; `policy: redis` shares the count.')
    plugins.push(entry)
  }
  if (answers.origins.length > 0) {
    const entry = { name: 'cors', config: { origins: answers.origins } }
    draft.comment(entry, 'Pages of these origins may read answers. `credentials: true` lets them send cookies.')
    plugins.push(entry)
  }
  draft.list('services').push(service)
  if (apiKey !== null) {
    const consumer: Item = { username: 'first', keyauth_credentials: [{ hash: digestApiKey(apiKey) }] }
    draft.comment(consumer, 'Who may call. `sallyport keys create --consumer NAME` makes another key.')
    draft.list('consumers').push(consumer)
  }
  draft.list('plugins').push({ name: 'correlation-id', config: { header_name: 'X-Correlation-ID', echo_downstream: true } })
  const head = [editorLine(directory), '', '`sallyport check` says what is wrong here, `sallyport start` runs it. `sallyport plugins` lists what may stand under `plugins:`.']
  return { text: render(draft, head), apiKey }
}

function gateway (draft: Draft, { tls }: Answers): void {
  const listener: Item = tls === null ? { host: '0.0.0.0', port: 8000 } : { host: '0.0.0.0', port: 8443, tls: true }
  const settings: Item = { listen: [listener], admin: { host: '127.0.0.1', port: 8001 } }
  draft.comment(settings, 'Health, metrics and status, for this machine alone.', 'admin')
  draft.file['gateway'] = settings
  if (tls !== null) draft.list('certificates').push({ cert_file: tls.cert, key_file: tls.key })
}

/** What service and route are called: by the path, else by the host; a host that is only near says nothing. */
export function nameOf ({ path, upstream }: Pick<Answers, 'path' | 'upstream'>): string {
  const { hostname } = new URL(upstream)
  const host = hostname === 'localhost' || /^[\d.]+$|^\[/.test(hostname) ? '' : hostname.split('.')[0] ?? ''
  return slug(path) || slug(host) || 'service'
}

function route (draft: Draft, answers: Answers): Item {
  const { path } = answers
  const item: Item = { name: nameOf(answers), paths: [path], strip_path: false }
  if (path !== '/') draft.comment(item, `\`strip_path: true\` takes ${path} off on the way to the service.`, 'strip_path')
  return item
}

function authentication (draft: Draft, plugins: Item[], { auth, issuer, audience }: Answers): void {
  if (auth === 'none') {
    const entry = { name: 'auth-policy', config: { public: true } }
    draft.comment(entry, 'Everybody may call, and it is meant: without this entry, check warns.')
    plugins.push(entry)
  } else if (auth === 'jwt') {
    const entry = { name: 'jwt', config: { issuer, ...(audience === null ? {} : { audience: [audience] }), uri_param_names: [] } }
    draft.comment(entry, 'Keys are fetched from the issuer, and again when they change.')
    plugins.push(entry)
  } else if (auth === 'key-auth') plugins.push({ name: 'key-auth', config: { key_in_query: false } })
  else {
    const entry = { name: 'basic-auth' }
    draft.comment(entry, 'TO DO: add consumers with basicauth_credentials (`htpasswd -nbBC 12 NAME PASSWORD` makes the hash); nobody passes until then.')
    plugins.push(entry)
  }
}
