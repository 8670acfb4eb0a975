export const AUTHENTICATION = ['key-auth', 'jwt', 'basic-auth', 'none'] as const

/** What `init` has to know. */
export interface Answers {
  /** Address of the service. */
  readonly upstream: string
  /** Requests that begin so are for it. */
  readonly path: string
  readonly auth: typeof AUTHENTICATION[number]
  /** Of tokens, for `jwt`. */
  readonly issuer: string | null
  readonly audience: string | null
  /** Requests that one caller may make in a minute; 0: any number. */
  readonly limit: number
  /** Pages that may call from browsers. */
  readonly origins: readonly string[]
  /** Files in PEM; null for plain http. */
  readonly tls: { readonly cert: string, readonly key: string } | null
}

/** Where nobody was asked: closed, with a limit. */
export const DEFAULTS: Answers = { upstream: 'http://127.0.0.1:3000', path: '/', auth: 'key-auth', issuer: null, audience: null, limit: 60, origins: [], tls: null }

/** What was said by flags. */
export type Given = Partial<Answers>

/** `users:3000` is how people name a service to each other: what it is as a URL. As in Kong, port 443 means https. */
export function upstreamUrl (text: string): string {
  const [, port] = /^(?:[\w.-]+|\[[\da-f:.]+\]):(\d{1,5})(?:\/\S*)?$/i.exec(text) ?? []
  return port === undefined ? text : `${port === '443' ? 'https' : 'http'}://${text}`
}

/** Why a text can't be the answer; null for one that can. */
export const problems = {
  upstream: (text: string): string | null => /^https?:\/\/[^/\s]+/.test(upstreamUrl(text)) && URL.canParse(upstreamUrl(text)) ? null : 'Write an address such as http://127.0.0.1:3000.',
  path: (text: string): string | null => text.startsWith('/') && !/[\s?#]/.test(text) ? null : 'Write a path such as /api.',
  issuer: (text: string): string | null => /^https:\/\/[^/\s]+/.test(text) && URL.canParse(text) ? null : 'Write the issuer as its tokens name it, such as https://auth.example.com/.',
  limit: (text: string): string | null => /^\d{1,9}$/.test(text) ? null : 'Write a number; 0 for no limit.',
  origins: (text: string): string | null => originsOf(text).every(origin => /^https?:\/\/[^/\s,*]+$/.test(origin)) ? null : 'Write origins such as https://app.example.com, separated by commas.'
} as const

export function originsOf (text: string): string[] {
  return text.split(',').map(origin => origin.trim()).filter(origin => origin !== '')
}
