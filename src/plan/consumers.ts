/** Who may call: consumers, their groups and their credentials. What these are is never said. */
import type { Consumer, Credentials, OwnedByConsumer } from '../config/model.ts'
import type { Draft, Risk } from './change.ts'
import type { Comparison } from './comparison.ts'
import { differences, same } from './differences.ts'
import type { Side } from './side.ts'

const WORDS: Readonly<Record<keyof Credentials, readonly [one: string, many: string]>> = {
  keyauth_credentials: ['API key', 'API keys'],
  jwt_secrets: ['JWT key', 'JWT keys'],
  basicauth_credentials: ['password', 'passwords'],
  hmacauth_credentials: ['HMAC secret', 'HMAC secrets'],
  oauth2_credentials: ['OAuth 2 client', 'OAuth 2 clients'],
  acls: ['acl group', 'acl groups']
}

/** What identifies or is a secret: another one is said, not shown. */
const SECRETS = new Set(['digest', 'secret', 'password', 'rsa_public_key'])
const LEFT_OUT = new Set(['id', 'pointer', 'consumer', 'ttl'])

type Owned = ReadonlyMap<string, readonly OwnedByConsumer[]>

export function consumerChanges (comparison: Comparison): Draft[] {
  const { old, next, consumers } = comparison
  const [mine, theirs] = [credentialsOf(old), credentialsOf(next)]
  const drafts: Draft[] = []
  const about = (side: Side, consumer: Consumer) => ({ kind: 'consumer' as const, subject: side.nameOf(consumer), details: [] })
  for (const consumer of consumers.added) {
    const has = counted(theirs, consumer.id)
    drafts.push({ ...about(next, consumer), risk: 'medium', rule: 'consumer-added', one: `is new${has}`, many: `are new${has}`, places: [place(next, consumer)] })
  }
  for (const consumer of consumers.removed) drafts.push({ ...about(old, consumer), risk: 'medium', rule: 'consumer-removed', one: 'is gone', many: 'are gone', places: [place(old, consumer)] })
  for (const [before, after] of consumers.both) {
    const draft = (risk: Risk, rule: string, one: string, many: string, places = [place(old, before), place(next, after)]): void => { drafts.push({ ...about(next, after), risk, rule, one, many, places }) }
    const [had, has] = [groupsOf(old, before), groupsOf(next, after)]
    const [come, gone] = [has.filter(name => !had.includes(name)), had.filter(name => !has.includes(name))]
    if (come.length > 0) draft('medium', 'group-joined', `joins ${come.join(', ')}`, `join ${come.join(', ')}`)
    if (gone.length > 0) draft('medium', 'group-left', `leaves ${gone.join(', ')}`, `leave ${gone.join(', ')}`)
    for (const field of ['tags', 'custom_id', 'username'] as const) {
      if (!comparison.same(before[field], after[field])) draft(field === 'tags' ? 'low' : 'medium', `consumer-${field.replace('_', '-')}`, `has another ${field}`, `have another ${field}`)
    }
    for (const kind of Object.keys(WORDS) as Array<keyof Credentials>) drafts.push(...credentialChanges(comparison, kind, after, mine[kind].get(before.id) ?? [], theirs[kind].get(after.id) ?? []))
  }
  return drafts
}

function credentialChanges (comparison: Comparison, kind: keyof Credentials, consumer: Consumer, had: readonly OwnedByConsumer[], has: readonly OwnedByConsumer[]): Draft[] {
  const { old, next } = comparison
  const [one, many] = WORDS[kind]
  const identity = (credential: OwnedByConsumer): unknown => {
    const fields = credential as unknown as Record<string, unknown>
    return fields['group'] ?? fields['digest'] ?? fields['client_id'] ?? fields['username'] ?? fields['key']
  }
  const rest = [...has]
  const gone: OwnedByConsumer[] = []
  const drafts: Draft[] = []
  const about = { kind: 'consumer' as const, subject: next.nameOf(consumer), details: [] }
  for (const credential of had) {
    const at = rest.findIndex(other => same(identity(credential), identity(other)))
    const [other] = at === -1 ? [] : rest.splice(at, 1)
    if (other === undefined) {
      gone.push(credential)
      continue
    }
    for (const difference of differences(fieldsOf(credential, old), fieldsOf(other, next))) {
      const [field = ''] = difference.path
      const text = SECRETS.has(field) ? 'is another one (not shown)' : comparison.values(difference, credential.pointer, other.pointer).text
      drafts.push({ ...about, risk: field === 'tags' ? 'low' : 'medium', rule: SECRETS.has(field) ? 'credential-changed' : `credential-${field.replaceAll('_', '-')}`, one: `: ${difference.path.join('.')} of one ${one} ${text}`, places: comparison.places(difference.path, credential.pointer, other.pointer) })
    }
  }
  const words = (side: Side, list: readonly OwnedByConsumer[]): string => kind === 'acls'
    ? `${list.length === 1 ? one : many} ${list.map(item => side.show((item as unknown as { group: string }).group, `${item.pointer}/group`)).join(', ')}`
    : `${list.length} ${list.length === 1 ? one : many}`
  if (rest.length > 0) drafts.push({ ...about, risk: 'medium', rule: 'credential-added', one: `gets ${words(next, rest)}`, many: `get ${words(next, rest)} each`, places: rest.map(({ pointer }) => next.place(pointer)) })
  if (gone.length > 0) drafts.push({ ...about, risk: 'medium', rule: 'credential-removed', one: `loses ${words(old, gone)}`, many: `lose ${words(old, gone)} each`, places: gone.map(({ pointer }) => old.place(pointer)) })
  return drafts
}

function credentialsOf ({ config }: Side): Readonly<Record<keyof Credentials, Owned>> {
  return Object.fromEntries(Object.entries(config.credentials).map(([kind, list]: [string, readonly OwnedByConsumer[]]) => {
    const owned = new Map<string, OwnedByConsumer[]>()
    for (const credential of list) owned.set(credential.consumer, [...owned.get(credential.consumer) ?? [], credential])
    return [kind, owned]
  })) as unknown as Record<keyof Credentials, Owned>
}

function counted (owned: Readonly<Record<keyof Credentials, Owned>>, consumer: string): string {
  const parts = (Object.entries(WORDS) as Array<[keyof Credentials, readonly [string, string]]>).flatMap(([kind, [one, many]]) => {
    const count = owned[kind].get(consumer)?.length ?? 0
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
  })
  return parts.length === 0 ? '' : `, with ${parts.join(', ')}`
}

function groupsOf (side: Side, { groups }: Consumer): string[] {
  return groups.map(id => {
    const group = side.config.consumer_groups.find(item => item.id === id)
    return group === undefined ? 'a group' : `group ${side.nameOf(group)}`
  })
}

function place (side: Side, { pointer, username }: Consumer): Draft['places'][number] {
  return side.place(`${pointer}/${username === null ? 'custom_id' : 'username'}`)
}

function fieldsOf (credential: OwnedByConsumer, { source }: Side): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.fromEntries(Object.entries(credential).filter(([field]) => !LEFT_OUT.has(field)))
  const { expires_at: end } = fields
  // the loader has it in milliseconds, which nobody reads
  if (typeof end === 'number') fields['expires_at'] = new Date(end).toISOString()
  const ttl = `${credential.pointer}/ttl`
  // counts from the load, so that the end is another one each time
  return source.has(ttl) ? { ...fields, expires_at: null, ttl: source.textOf(ttl) ?? 'not shown' } : fields
}
