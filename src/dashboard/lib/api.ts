/** Asks the admin listener. */
import type { Failure } from '../../admin/api/types.ts'

/** Where the token is kept: until the tab is closed, and for this origin alone. */
const TOKEN = 'sallyport-token'
/** An answer that takes longer never comes. What is done with a file of ten thousand routes takes its time. */
const PATIENCE = 10_000
const LONG_PATIENCE = 120_000

/** Why there is no answer: `status` 0 means that the listener could not be reached. */
export class ApiError extends Error {
  readonly status: number
  readonly body: unknown

  constructor (status: number, message: string, body: unknown = null) {
    super(message)
    this.status = status
    this.body = body
  }
}

export function readToken (): string | null {
  return sessionStorage.getItem(TOKEN)
}

export function keepToken (token: string | null): void {
  if (token === null) sessionStorage.removeItem(TOKEN)
  else sessionStorage.setItem(TOKEN, token)
}

/** Address of an endpoint: beside the folder of the pages, so that a prefix in front of both does no harm. */
function address (path: string): URL {
  return new URL(`..${path}`, document.baseURI)
}

async function call (method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
  const token = readToken()
  const headers: Record<string, string> = { accept: 'application/json' }
  if (token !== null) headers['authorization'] = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  let response: Response
  let text: string
  try {
    response = await fetch(address(path), {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(method === 'POST' || path.startsWith('/config') ? LONG_PATIENCE : PATIENCE),
      cache: 'no-store',
      credentials: 'omit'
    })
    text = await response.text()
  } catch {
    throw new ApiError(0, 'The gateway does not answer.')
  }
  let value: unknown = null
  try {
    value = JSON.parse(text)
  } catch {
    if (response.ok) throw new ApiError(response.status, `${path} did not answer with JSON.`)
  }
  if (!response.ok) throw new ApiError(response.status, messageOf(value) ?? `${path} answered ${response.status}.`, value)
  return value
}

function messageOf (value: unknown): string | null {
  const message = (value as Partial<Failure> | null)?.message
  return typeof message === 'string' ? message : null
}

/** @throws ApiError */
export async function get<T> (path: string): Promise<T> {
  return await call('GET', path) as T
}

/** @throws ApiError */
export async function post<T> (path: string, body: unknown): Promise<T> {
  return await call('POST', path, body) as T
}

/** `/requests?route=a&end=UA`; what is undefined or '' is left out. */
export function withQuery (path: string, query: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams(Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== ''))
  return search.size === 0 ? path : `${path}?${search.toString()}`
}
