import { createHmac, randomBytes } from 'node:crypto'
import { type BasicCredential, type Consumers, parsePasswordHash, type PasswordHash } from '../../src/plugin.ts'

export interface User {
  readonly credential: BasicCredential
  readonly hash: PasswordHash
}

/** Everybody who has a password. */
export class Users {
  readonly #byName = new Map<string, User>()
  readonly #all: User[] = []
  readonly #key = randomBytes(32)

  /** @throws Error where the file has no hash of a password; the loader has looked before */
  constructor (consumers: Consumers) {
    for (const credential of consumers.basicCredentials()) {
      const hash = parsePasswordHash(credential.password)
      if (hash.kind === 'problem') throw new Error(`${credential.pointer}: ${hash.message}`)
      const user = { credential, hash }
      this.#byName.set(credential.username, user)
      this.#all.push(user)
    }
  }

  find (username: string): User | undefined {
    return this.#byName.get(username)
  }

  /**
   * Somebody to verify the password of an unknown user against, so that the time of a refusal doesn't tell who is known:
   * always the same for one name, and kinds of hashes come up as often as in the file.
   */
  decoy (username: string): User | undefined {
    if (this.#all.length === 0) return undefined
    return this.#all[createHmac('sha256', this.#key).update(username).digest().readUInt32LE() % this.#all.length]
  }
}
