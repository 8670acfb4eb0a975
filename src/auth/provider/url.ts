import { ProviderError } from './provider-error.ts'

/**
 * Why an address of a provider isn't one to talk to, or null: for `check`, and for addresses that a provider names.
 *
 * @param allowInsecure http is good enough
 */
export function urlProblem (text: string, allowInsecure: boolean): string | null {
  if (!URL.canParse(text)) return 'is not a URL'
  const { protocol, username, password, hash } = new URL(text)
  if (protocol !== 'https:' && protocol !== 'http:') return 'is not an https URL'
  if (username !== '' || password !== '') return 'carries a password, which ends up in logs'
  if (hash !== '') return 'has a fragment, which is never sent'
  if (protocol === 'http:' && !allowInsecure) return 'is not https: whoever sits in between could make up keys and answers'
  return null
}

/** @throws ProviderError when it isn't one to talk to */
export function providerUrl (text: string, allowInsecure: boolean): URL {
  const problem = urlProblem(text, allowInsecure)
  if (problem !== null) throw new ProviderError(`the address ${problem}`)
  return new URL(text)
}

/** An address for the log: queries may hold keys. */
export function shownUrl (text: string): string {
  if (!URL.canParse(text)) return '(no URL)'
  const { origin, pathname } = new URL(text)
  return origin + pathname
}
