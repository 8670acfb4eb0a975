/** The files of the dashboard. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Refused, type Answer } from '../answer.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'

/** What the build writes there; other names are none of ours, and lead nowhere. */
const NAME = /^[a-z0-9-]+\.(html|js|css|svg)$/
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml'
}
const HEADERS = {
  'content-security-policy': 'default-src \'none\'; script-src \'self\'; style-src \'self\'; img-src \'self\'; connect-src \'self\'; base-uri \'none\'; form-action \'none\'; frame-ancestors \'none\'',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cache-control': 'no-cache'
}

interface StaticFile {
  readonly text: Buffer
  readonly type: string
  readonly etag: string
}

/** Open: there is nothing of the gateway in them, and who has no token yet needs them to give it. */
export function dashboardEndpoints (folder = new URL('../../dashboard/', import.meta.url)): readonly Endpoint[] {
  const files = new Map<string, StaticFile>()

  async function read (name: string): Promise<StaticFile> {
    const known = files.get(name)
    if (known !== undefined) return known
    const type = TYPES[NAME.exec(name)?.[1] ?? '']
    if (type === undefined) throw new Refused(404, 'Not found')
    const text = await readFile(new URL(name, folder)).catch(() => { throw new Refused(404, name === 'index.html' ? 'The dashboard is not built: npm run build' : 'Not found') })
    const file = { text, type, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
    files.set(name, file)
    return file
  }

  async function serve (name: string, asked: string | string[] | undefined): Promise<Answer> {
    const { text, type, etag } = await read(name)
    const known = String(asked ?? '').split(',').some(one => one.trim().replace(/^W\//, '') === etag)
    return { status: known ? 304 : 200, body: null, page: { type, text: known ? '' : text }, headers: { ...HEADERS, etag } }
  }

  const redirect = (location: string): Answer => ({ status: 307, body: { message: 'See the dashboard' }, headers: { location } })
  return [
    endpoint({ method: 'GET', path: '/', access: 'open', tag: 'dashboard', summary: 'Leads to the dashboard.', answers: { 307: null }, run: () => redirect('dashboard/') }),
    endpoint({ method: 'GET', path: '/dashboard', access: 'open', tag: 'dashboard', summary: 'Leads to the dashboard.', answers: { 307: null }, run: () => redirect('dashboard/') }),
    endpoint({ method: 'GET', path: '/dashboard/', access: 'open', tag: 'dashboard', summary: 'The dashboard.', answers: { 200: null, 304: null }, run: async ({ headers }) => await serve('index.html', headers['if-none-match']) }),
    endpoint({ method: 'GET', path: '/dashboard/{file}', access: 'open', tag: 'dashboard', summary: 'A file of the dashboard.', answers: { 200: null, 304: null, 404: null }, run: async ({ params, headers }) => await serve(params['file'] as string, headers['if-none-match']) })
  ]
}
