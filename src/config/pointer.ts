import type { Pointer } from './model.ts'

/** `pointer` and one more token (RFC 6901). */
export function join (pointer: Pointer, token: string | number): Pointer {
  return typeof token === 'number' ? `${pointer}/${token}` : `${pointer}/${escapeToken(token)}`
}

/** The tokens of a pointer, unescaped. */
export function split (pointer: Pointer): string[] {
  if (pointer === '') return []
  return pointer.slice(1).split('/').map(token => token.includes('~') ? token.replaceAll('~1', '/').replaceAll('~0', '~') : token)
}

function escapeToken (token: string): string {
  return /[~/]/.test(token) ? token.replaceAll('~', '~0').replaceAll('/', '~1') : token
}
