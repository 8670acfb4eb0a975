import { createHmac, randomBytes } from 'node:crypto'
import { type BasicCredential, type Consumers, parsePasswordHash, type PasswordHash } from '../../src/plugin.ts'

export interface User {
  readonly credential: BasicCredential
  readonly hash: PasswordHash
}

/** Everybody who has a password. Holds none of them, since each entry of the file has one of its own. */
export class Users {
  readonly #consumers: Consumers
  readonly #key = randomBytes(32)

  constructor (consumers: Consumers) {
    this.#consumers = consumers
  }

  find (username: string): User | undefined {
    return userOf(this.#consumers.basicCredential(username))
  }

  /**
   * Somebody to verify the password of an unknown user against, so that the time of a refusal doesn't tell who is known:
   * always the same for one name, and kinds of hashes come up as often as in the file.
   */
  decoy (username: string): User | undefined {
    const all = this.#consumers.basicCredentials
    return userOf(all[createHmac('sha256', this.#key).update(username).digest().readUInt32LE() % all.length])
  }
}

/** The loader has refused what is no hash; should one come this far, nobody gets in with it. */
function userOf (credential: BasicCredential | undefined): User | undefined {
  if (credential === undefined) return undefined
  const hash = parsePasswordHash(credential.password)
  return hash.kind === 'problem' ? undefined : { credential, hash }
}
