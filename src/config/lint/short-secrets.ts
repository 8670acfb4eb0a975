import type { LintContext } from './context.ts'

/** Secrets of HS256 and the like that have fewer bytes than the hash (RFC 7518 section 3.2): one token is enough to guess them. */
export function shortSecrets (context: LintContext): void {
  for (const { algorithm, secret, pointer } of context.config.credentials.jwt_secrets) {
    if (secret === null || !algorithm.startsWith('HS')) continue
    const least = Number(algorithm.slice(2)) / 8
    // as text; with `secret_is_base64` it has fewer bytes still
    const bytes = Buffer.byteLength(secret)
    if (bytes >= least) continue
    context.warn(`${pointer}/secret`, {
      rule: 'short-secret',
      cause: `the secret has ${bytes} bytes, and ${algorithm} needs ${least}: a shorter one can be guessed from a single token`,
      mend: `Make a random one: \`openssl rand -base64 ${least}\`.`
    })
  }
}
