import type { BasicCredential, Config, Consumer, HmacCredential, JwtSecret, KeyCredential, RequestLimits } from '../config/model.ts'

const NO_GROUPS: readonly string[] = Object.freeze([])

/** Consumers with their credentials, indexed once per configuration: every look-up is one step. */
export class Consumers {
  /** All user names with passwords, in the order of the file. */
  readonly basicCredentials: readonly BasicCredential[]
  readonly #byId: ReadonlyMap<string, Consumer>
  readonly #byUsername: ReadonlyMap<string, Consumer>
  readonly #byCustomId: ReadonlyMap<string, Consumer>
  readonly #aclGroups = new Map<string, string[]>()
  readonly #jwtSecrets: ReadonlyMap<string, JwtSecret>
  readonly #keys: ReadonlyMap<string, KeyCredential>
  readonly #basic: ReadonlyMap<string, BasicCredential>
  readonly #hmac: ReadonlyMap<string, HmacCredential>
  readonly #groupNames: ReadonlyMap<string, string>
  /** Limits of API keys that have some of their own, by the id of the credential. */
  readonly keyLimits: ReadonlyMap<string, RequestLimits>

  constructor ({ consumers, consumer_groups: groups, credentials }: Pick<Config, 'consumers' | 'consumer_groups' | 'credentials'>) {
    this.basicCredentials = credentials.basicauth_credentials
    this.keyLimits = new Map(credentials.keyauth_credentials.flatMap(({ id, rate_limit: limits }) => limits === null ? [] : [[id, limits]]))
    this.#byId = new Map(consumers.map(consumer => [consumer.id, consumer]))
    this.#byUsername = index(consumers, consumer => consumer.username)
    this.#byCustomId = index(consumers, consumer => consumer.custom_id)
    this.#jwtSecrets = index(credentials.jwt_secrets, ({ key }) => key)
    this.#keys = index(credentials.keyauth_credentials, ({ digest }) => digest)
    this.#basic = index(credentials.basicauth_credentials, ({ username }) => username)
    this.#hmac = index(credentials.hmacauth_credentials, ({ username }) => username)
    this.#groupNames = new Map(groups.map(({ id, name }) => [id, name]))
    for (const { consumer, group } of credentials.acls) {
      const groups = this.#aclGroups.get(consumer)
      if (groups === undefined) this.#aclGroups.set(consumer, [group])
      else groups.push(group)
    }
  }

  /** By id or username. */
  find (nameOrId: string): Consumer | undefined {
    return this.#byId.get(nameOrId) ?? this.#byUsername.get(nameOrId)
  }

  /**
   * Who callers without a valid credential are, by an option `anonymous` (the loader has seen to it that there is such a
   * consumer); null: they are refused.
   */
  anonymous (nameOrId: string | undefined): Consumer | null {
    return nameOrId === undefined ? null : this.find(nameOrId) ?? null
  }

  byId (id: string): Consumer | undefined {
    return this.#byId.get(id)
  }

  byUsername (username: string): Consumer | undefined {
    return this.#byUsername.get(username)
  }

  byCustomId (customId: string): Consumer | undefined {
    return this.#byCustomId.get(customId)
  }

  /** Whose credential it is. The loader has seen to it that there is such a consumer. */
  ownerOf ({ consumer }: { readonly consumer: string }): Consumer {
    return this.#byId.get(consumer) as Consumer
  }

  /** Groups of the acl plugin, in the order of the file. */
  aclGroups ({ id }: Consumer): readonly string[] {
    return this.#aclGroups.get(id) ?? NO_GROUPS
  }

  /** Names of the consumer groups that the consumer is in. */
  groupNames ({ groups }: Consumer): readonly string[] {
    return groups.map(id => this.#groupNames.get(id) as string)
  }

  jwtSecret (key: string): JwtSecret | undefined {
    return this.#jwtSecrets.get(key)
  }

  /** @param digest SHA-256 of the key, in lower-case hex: the time that a look-up takes tells nothing about the key */
  keyCredential (digest: string): KeyCredential | undefined {
    return this.#keys.get(digest)
  }

  basicCredential (username: string): BasicCredential | undefined {
    return this.#basic.get(username)
  }

  hmacCredential (username: string): HmacCredential | undefined {
    return this.#hmac.get(username)
  }
}

function index<Item> (items: readonly Item[], keyOf: (item: Item) => string | null): ReadonlyMap<string, Item> {
  const found = new Map<string, Item>()
  for (const item of items) {
    const key = keyOf(item)
    if (key !== null) found.set(key, item)
  }
  return found
}
