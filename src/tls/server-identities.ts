import type { IncomingMessage, ServerResponse } from 'node:http'

/** PEM, the certificate with what vouches for it. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** Server certificates that a plugin's entry brings beside those of the file, and how it proves who it is (RFC 8555, RFC 8737). */
export interface ServerIdentities {
  /** What is shown for a name (lower-case, without a dot at its end), the same object until it changes; null: nothing, or nothing yet. */
  certificateFor (servername: string): KeyPair | null
  /** What is shown for a name to who asks by `acme-tls/1`; null: nobody is expected to. */
  challengeFor (servername: string): KeyPair | null
  /** The answer to an http-01 challenge, and null when there is none; undefined: the host is none of its own. */
  answerFor (host: string, token: string): Promise<string | null> | undefined
}

const PREFIX = '/.well-known/acme-challenge/'

/** Base64url (RFC 8555 section 8.3), and no longer than any that is in use. */
const TOKEN = /^[\w-]{1,128}$/

/**
 * Answers an http-01 challenge before any route sees it: it comes by plain http, from anywhere, to hosts that need no route.
 *
 * @returns false where the request is none, or not for one of these hosts
 */
export function answerChallenge (identities: readonly ServerIdentities[], raw: IncomingMessage, response: ServerResponse): boolean {
  const { url = '', method, headers: { host = '' } } = raw
  if (!url.startsWith(PREFIX) || (method !== 'GET' && method !== 'HEAD')) return false
  const token = url.slice(PREFIX.length)
  const name = host.replace(/:\d*$/, '').toLowerCase()
  for (const one of identities) {
    const answer = one.answerFor(name, token)
    if (answer === undefined) continue
    const finish = (text: string | null): void => {
      response.writeHead(text === null ? 404 : 200, { 'content-type': 'text/plain', 'cache-control': 'no-store', connection: 'close' }).end(text ?? 'Not found\n')
    }
    // whose storage can't be asked has no answer
    if (TOKEN.test(token)) answer.then(finish, () => finish(null))
    else finish(null)
    return true
  }
  return false
}
