import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

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

/** Why a text can't be the answer, and what can; null for one that can. */
export const problems = {
  upstream: (text: string): string | null => /^https?:\/\/[^/\s]+/.test(upstreamUrl(text)) && URL.canParse(upstreamUrl(text)) ? null : 'Write an address such as http://127.0.0.1:3000.',
  path: (text: string): string | null => text.startsWith('/') && !/[\s?#]/.test(text) ? null : `${reason(text, [[/^[^/]/, 'A path begins with a slash. '], [/[?#]/, 'Arguments are no part of a path. ']])}Write a path such as /api.`,
  issuer: (text: string): string | null => /^https:\/\/[^/\s]+/.test(text) && URL.canParse(text) ? null : `${reason(text, [[/^http:/, 'Over plain http, whoever sits in between could make up keys: it has to be https. ']])}Write the issuer as its tokens name it, such as https://auth.example.com/.`,
  limit: (text: string): string | null => /^\d{1,9}$/.test(text) ? null : 'Write a number; 0 for no limit.',
  origins: (text: string): string | null => {
    const wrong = originsOf(text).find(origin => !/^https?:\/\/[^/\s,*]+$/.test(origin))
    return wrong === undefined ? null : `${reason(wrong, [[/\*/, 'With * any page could call. '], [/^https?:\/\/[^/]+\//, 'An origin has no path, and no slash at its end. '], [/^(?!https?:)/, 'An origin begins with https:// or http://. ']])}Write origins such as https://app.example.com, separated by commas.`
  }
} as const

function reason (text: string, reasons: ReadonlyArray<readonly [RegExp, string]>): string {
  return reasons.find(([pattern]) => pattern.test(text))?.[1] ?? ''
}

/** Who can be asked again says whether the service speaks TLS; a flag is taken by its port. */
export function askedUpstream (text: string): string | null {
  return problems.upstream(text) ?? (upstreamUrl(text) === text ? null : `http or https? Write http://${text}, or https://${text} where the service speaks TLS.`)
}

/** A certificate or key in PEM. */
export function pemProblem (text: string, directory: string, label: 'CERTIFICATE' | 'PRIVATE KEY'): string | null {
  let content: string
  try {
    content = readFileSync(resolve(directory, text), 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? `There is no file ${text} in ${directory}: write the name of one that is there.` : `${text} can't be read (${code}): write the name of a file that can.`
  }
  return content.includes(`${label}-----`) ? null : `${text} holds no ${label.toLowerCase()} in PEM (-----BEGIN …${label}-----): write the name of a file that does.`
}

export function originsOf (text: string): string[] {
  return text.split(',').map(origin => origin.trim()).filter(origin => origin !== '')
}
