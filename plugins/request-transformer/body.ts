import { applyEdits, ArgumentList, escapeQuery, hasEdits, JsonMembers, MultipartForm, type UpstreamRequest } from '../../src/plugin.ts'
import type { Rules } from './rules.ts'
import type { Source } from './source.ts'

/**
 * Changes the body by the rules, when its type is one that has fields and it can be read; else it goes up as it came.
 *
 * The type is the one after the header rules, as in Kong.
 */
export function transformBody (upstream: UpstreamRequest, rules: Rules, source: Source): void {
  const contentType = upstream.headers.get('content-type') ?? ''
  const kind = bodyKind(upstream, contentType)
  if (kind === null) return
  const body = Buffer.isBuffer(upstream.body) ? upstream.body : Buffer.alloc(0)
  const changed = TRANSFORMS[kind](body, contentType, rules, source)
  if (changed !== null) upstream.body = changed
}

/** Adds the fields of an urlencoded body to the query. */
export function addFormToQuery (upstream: UpstreamRequest): void {
  if (bodyKind(upstream, upstream.headers.get('content-type') ?? '') !== 'form' || !Buffer.isBuffer(upstream.body)) return
  const form = upstream.body.toString('latin1').trim()
  if (form === '') return
  const fields = escapeQuery(form)
  upstream.query = upstream.query === null || upstream.query === '' ? fields : `${upstream.query}&${fields}`
}

type Kind = 'json' | 'multipart' | 'form'

function bodyKind (upstream: UpstreamRequest, contentType: string): Kind | null {
  // a compressed body would have to be unpacked first, whatever size that makes
  if (upstream.headers.has('content-encoding') && upstream.headers.get('content-encoding') !== 'identity') return null
  const type = contentType.toLowerCase()
  if (type.includes('application/json')) return 'json'
  if (type.includes('multipart/form-data')) return 'multipart'
  if (type.includes('application/x-www-form-urlencoded')) return 'form'
  return null
}

type Transform = (body: Buffer, contentType: string, rules: Rules, source: Source) => Buffer | null

const TRANSFORMS: Readonly<Record<Kind, Transform>> = {
  json (body, _contentType, { json }, source) {
    const members = body.length === 0 ? JsonMembers.empty() : JsonMembers.parse(body.toString())
    if (members === null || !applyEdits(members, json, source)) return null
    return Buffer.from(members.toString())
  },
  form (body, _contentType, { form }, source) {
    const fields = ArgumentList.parse(body.toString('latin1'))
    return applyEdits(fields, form, source) ? Buffer.from(fields.toString(), 'latin1') : null
  },
  multipart (body, contentType, { form: edits }, source) {
    const form = MultipartForm.parse(body.toString('latin1'), contentType)
    if (form === null) return null
    // Kong's order for this kind: names first, and nothing is appended
    const renamed = applyEdits(form, { ...NOTHING, rename: edits.rename }, source)
    const changed = applyEdits(form, { ...edits, rename: [], append: [] }, source)
    if (!renamed && !changed) return null
    const bytes = form.toBytes()
    return bytes === null ? null : Buffer.from(bytes, 'latin1')
  }
}

const NOTHING = { remove: [], rename: [], replace: [], add: [], append: [] }

/** Whether there are body rules at all. */
export function hasBodyRules (rules: Rules): boolean {
  return hasEdits(rules.json)
}
