/** A log record as custom fields see it: what stands in the line, secrets cut. */
export type LogRecord = Record<string, unknown>

/** What a custom field is made of; undefined: nothing. */
export type Reader = (record: LogRecord) => unknown

/** An expression that can't be read. */
export class FieldError extends Error {
  readonly mend: string

  constructor (message: string, mend: string) {
    super(message)
    this.mend = mend
  }
}

/** Fields of the record, with their members where they are known; null: any. */
const FIELDS: Readonly<Record<string, readonly string[] | null>> = {
  request: ['id', 'uri', 'url', 'querystring', 'method', 'headers', 'size'],
  upstream_uri: [],
  upstream_status: [],
  response: ['status', 'headers', 'size'],
  latencies: ['kong', 'proxy', 'request', 'receive'],
  tries: null,
  route: ['id', 'name'],
  service: ['id', 'name'],
  consumer: ['id', 'username', 'custom_id'],
  authenticated_entity: ['id', 'consumer_id'],
  client_ip: [],
  started_at: [],
  source: [],
  end_reason: [],
  trace_id: [],
  ended_by: [],
  error: [],
  reason: []
}

/** Follows a path of members. */
export function valueAt (record: unknown, path: readonly string[]): unknown {
  let value = record
  for (const member of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return undefined
    value = (value as LogRecord)[member]
  }
  return value
}

/** Sets a member of a member; undefined takes it away. What stands in the way and is no object is replaced. */
export function setAt (record: LogRecord, path: readonly string[], value: unknown): void {
  let holder = record
  for (const member of path.slice(0, -1)) {
    const next = Object.hasOwn(holder, member) ? holder[member] : undefined
    if (typeof next === 'object' && next !== null && !Array.isArray(next)) {
      holder = next as LogRecord
    } else {
      if (value === undefined) return
      const made: LogRecord = {}
      define(holder, member, made)
      holder = made
    }
  }
  const last = path[path.length - 1] as string
  if (value === undefined) delete holder[last]
  else define(holder, last, value)
}

/** `__proto__` is a name like any other. */
function define (holder: LogRecord, member: string, value: unknown): void {
  Object.defineProperty(holder, member, { value, enumerable: true, configurable: true, writable: true })
}

/**
 * Reads `request.headers.x-tenant` and the like.
 *
 * @throws FieldError where the record has no such field
 */
export function fieldReader (text: string): Reader {
  const path = text.trim().split('.')
  const [first = '', second, ...rest] = path
  // what plugins add to a line can't be known
  if (first === 'log' && second !== undefined) return record => valueAt(record, path.slice(1))
  const members = Object.hasOwn(FIELDS, first) ? FIELDS[first] as readonly string[] | null : undefined
  if (members === undefined) throw new FieldError(`a log line has no '${first}'`, `Use one of ${Object.keys(FIELDS).join(', ')}, or \`log.name\` for what a plugin adds.`)
  if (members !== null && second !== undefined) {
    if (!members.includes(second)) throw new FieldError(`'${first}' of a log line has no '${second}'`, members.length === 0 ? `Write \`${first}\` alone.` : `Use one of ${members.join(', ')}.`)
    if (rest.length > 0 && second === 'headers') return headerReader([first, second], rest.join('.'))
  }
  return record => valueAt(record, path)
}

/** Names of header fields are lower-case in a line, and may have dots. */
export function headerReader (path: readonly string[], name: string): Reader {
  const whole = [...path, name.toLowerCase()]
  return record => valueAt(record, whole)
}
