import type { FieldRulesOptions } from '../proxy/fields/field-rules.ts'
import type { LiveEntry } from './scopes.ts'

/** What plugins say about fields of requests, whatever route they stand at. */
export function namedFields (entries: Iterable<Pick<LiveEntry, 'definition' | 'entry'>>): Pick<FieldRulesOptions, 'vouched' | 'credentials'> & { readonly vouched: string[] } {
  const vouched: string[] = []
  const credentials: string[] = []
  for (const { definition, entry } of entries) {
    vouched.push(...definition.identityHeaders?.(entry.config as never) ?? [])
    credentials.push(...definition.credentialHeaders?.(entry.config as never) ?? [])
  }
  return { vouched, credentials }
}
