import type { Consumer } from '../config/model.ts'
import type { GatewayError } from '../errors.ts'
import { fieldValue } from '../proxy/fields/field-value.ts'
import type { Credential } from '../plugin.ts'

/** Who calls, as one authentication plugin has verified it. */
export interface Identity {
  readonly consumer: Consumer | null
  readonly credential: Credential | null
  /** The `sub` of a token; null where there is none. */
  readonly subject: string | null
  /** Of a verified token; null for other credentials. */
  readonly claims: Readonly<Record<string, unknown>> | null
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  /** Kong's authenticated groups: those that the credential itself brings; null: it brings none. */
  readonly groups: readonly string[] | null
  /** Further fields for the upstream, such as those of `claims_to_headers`. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** Fields in which the gateway names consumer and credential to the upstream, ready to be sent: name, value, … */
  readonly fields: readonly string[]
}

/** What one authentication plugin found, for the policy of the route. */
export type Attempt =
  | { readonly plugin: string, readonly identity: Identity, readonly refusal: null }
  | { readonly plugin: string, readonly identity: null, readonly refusal: GatewayError }

const NONE: readonly never[] = Object.freeze([])

/** An identity from the parts that are known. */
export function identityOf (parts: Partial<Omit<Identity, 'fields'>>): Identity {
  const { consumer = null, credential = null, subject = null, claims = null, scopes = NONE, roles = NONE, groups = null, headers = NONE } = parts
  return { consumer, credential, subject, claims, scopes, roles, groups, headers, fields: fieldsOf(consumer, credential) }
}

/** Kong's fields of a consumer and its credential. */
function fieldsOf (consumer: Consumer | null, credential: Credential | null): string[] {
  const fields = consumer === null ? [] : consumerFields(consumer)
  if (credential?.identifier !== undefined) fields.push('X-Credential-Identifier', fieldValue(credential.identifier))
  return fields
}

export function consumerFields ({ id, custom_id: customId, username }: Consumer): string[] {
  const fields = ['X-Consumer-ID', id]
  if (customId !== null) fields.push('X-Consumer-Custom-ID', fieldValue(customId))
  if (username !== null) fields.push('X-Consumer-Username', fieldValue(username))
  return fields
}
