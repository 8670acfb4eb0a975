import type { Client } from 'acme-client'
import { clientOf } from './authority.ts'
import type { Storage } from './storage.ts'

export interface AccountOptions {
  readonly account_email: string
  readonly api_uri: string
  readonly tos_accepted: boolean
  readonly eab_kid?: string
  readonly eab_hmac_key?: string
}

interface Kept {
  readonly key: string
  readonly url: string
}

/**
 * A client with the account of this storage; the first one makes it.
 *
 * Call it with the lock of the storage: two accounts do no harm, and no good.
 *
 * @param signal calls off whatever the client is about
 */
export async function openAccount (options: AccountOptions, storage: Storage, signal: AbortSignal): Promise<Client> {
  // 30 MB that others don't need
  const { crypto } = await import('acme-client')
  const name = `account:${options.account_email}:${options.api_uri}`
  const known = await storage.get(name)
  const external = options.eab_kid === undefined || options.eab_hmac_key === undefined ? {} : { externalAccountBinding: { kid: options.eab_kid, hmacKey: options.eab_hmac_key } }
  const common = { directoryUrl: options.api_uri, ...external }
  if (known !== null) {
    const { key, url } = JSON.parse(known) as Kept
    return await clientOf({ ...common, accountKey: key, accountUrl: url }, signal)
  }
  const key = (await crypto.createPrivateEcdsaKey()).toString()
  const client = await clientOf({ ...common, accountKey: key }, signal)
  await client.createAccount({ termsOfServiceAgreed: options.tos_accepted, contact: [`mailto:${options.account_email}`] })
  await storage.set(name, JSON.stringify({ key, url: client.getAccountUrl() } satisfies Kept))
  return client
}
