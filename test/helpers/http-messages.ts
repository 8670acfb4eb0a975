/** One HTTP/1.1 message as it stood on the wire. */
export interface Message {
  /** Request line or status line. */
  readonly line: string
  /** Names as written. */
  readonly fields: ReadonlyArray<readonly [string, string]>
  readonly body: Buffer
  readonly trailers: ReadonlyArray<readonly [string, string]>
  /** The whole body has arrived. */
  readonly complete: boolean
  readonly chunked: boolean
}

export interface Parsed {
  readonly messages: Message[]
  /** What stands behind the last whole message. */
  readonly rest: Buffer
}

export interface ParseOptions {
  /** Methods of the requests that a stream of answers belongs to, in order: HEAD has no body. */
  readonly methods?: readonly string[]
  /** The connection has ended: a body without a length is complete. */
  readonly ended?: boolean
}

/** All values of a field. */
export function values (message: Pick<Message, 'fields'>, name: string): string[] {
  const lower = name.toLowerCase()
  return message.fields.filter(([field]) => field.toLowerCase() === lower).map(([, value]) => value)
}

/** The one value of a field; undefined where it is absent. */
export function value (message: Pick<Message, 'fields'>, name: string): string | undefined {
  return values(message, name).join(' | ') || (values(message, name).length > 0 ? '' : undefined)
}

export function statusOf (message: Message): number {
  return Number(message.line.split(' ')[1])
}

/**
 * Reads messages as strictly as the RFC allows: it stands for an upstream (or client) that takes nothing on trust.
 *
 * @throws Error where the bytes are not canonical HTTP/1.1
 */
export function parseMessages (bytes: Buffer, kind: 'request' | 'answer', options: ParseOptions = {}): Parsed {
  const messages: Message[] = []
  let rest = bytes
  let finals = 0
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) break
    const [line = '', ...heads] = rest.toString('latin1', 0, end).split('\r\n')
    const fields = heads.map(readField)
    const shape = kind === 'request' ? /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!-~]+ HTTP\/1\.[01]$/ : /^HTTP\/1\.[01] [1-9]\d\d [\t -~\x80-\xff]*$/
    if (!shape.test(line)) throw new Error(`not a ${kind} line: ${JSON.stringify(line)}`)
    const body = rest.subarray(end + 4)
    const status = kind === 'answer' ? Number(line.split(' ')[1]) : 0
    const interim = status >= 100 && status < 200 && status !== 101
    const method = kind === 'answer' && !interim ? options.methods?.[finals++] : undefined
    const parsed = readBody({ fields }, body, kind, interim || status === 101 || status === 204 || status === 304 || method === 'HEAD', options.ended === true)
    messages.push({ line, fields, ...parsed.message })
    if (!parsed.message.complete) return { messages, rest: Buffer.alloc(0) }
    rest = parsed.rest
    if (status === 101) break
  }
  return { messages, rest }
}

function readField (line: string): readonly [string, string] {
  const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*(.*?)[\t ]*$/.exec(line) ?? []
  // eslint-disable-next-line no-control-regex
  if (name === undefined || value === undefined || /[\0-\x08\x0a-\x1f\x7f]/.test(value)) throw new Error(`not a field: ${JSON.stringify(line)}`)
  return [name, value]
}

type Body = Pick<Message, 'body' | 'trailers' | 'complete' | 'chunked'>

function readBody (head: Pick<Message, 'fields'>, bytes: Buffer, kind: 'request' | 'answer', none: boolean, ended: boolean): { message: Body, rest: Buffer } {
  const empty: Body = { body: Buffer.alloc(0), trailers: [], complete: true, chunked: false }
  if (none) return { message: empty, rest: bytes }
  const lengths = values(head, 'content-length')
  const codings = values(head, 'transfer-encoding')
  if (codings.length > 0) {
    if (lengths.length > 0) throw new Error('Content-Length beside Transfer-Encoding')
    if (codings.join(',').toLowerCase() !== 'chunked') throw new Error(`Transfer-Encoding: ${codings.join(',')}`)
    return readChunks(bytes)
  }
  if (lengths.length > 1) throw new Error('several Content-Length')
  if (lengths.length === 1) {
    if (!/^\d+$/.test(lengths[0] as string)) throw new Error(`Content-Length: ${lengths[0]}`)
    const length = Number(lengths[0])
    return { message: { ...empty, body: bytes.subarray(0, length), complete: bytes.length >= length }, rest: bytes.subarray(length) }
  }
  if (kind === 'request') return { message: empty, rest: bytes }
  return { message: { ...empty, body: bytes, complete: ended }, rest: Buffer.alloc(0) }
}

function readChunks (bytes: Buffer): { message: Body, rest: Buffer } {
  const parts: Buffer[] = []
  let rest = bytes
  const unfinished = (): { message: Body, rest: Buffer } => ({ message: { body: Buffer.concat(parts), trailers: [], complete: false, chunked: true }, rest: Buffer.alloc(0) })
  for (;;) {
    const end = rest.indexOf('\r\n')
    if (end === -1) return unfinished()
    const line = rest.toString('latin1', 0, end)
    if (!/^[0-9a-f]{1,8}$/i.test(line)) throw new Error(`not a canonical chunk line: ${JSON.stringify(line)}`)
    const size = Number.parseInt(line, 16)
    rest = rest.subarray(end + 2)
    if (size === 0) break
    if (rest.length < size + 2) {
      parts.push(rest.subarray(0, size))
      return unfinished()
    }
    if (rest.toString('latin1', size, size + 2) !== '\r\n') throw new Error('chunk without its line end')
    parts.push(rest.subarray(0, size))
    rest = rest.subarray(size + 2)
  }
  const trailers: Array<readonly [string, string]> = []
  for (;;) {
    const end = rest.indexOf('\r\n')
    if (end === -1) return unfinished()
    const line = rest.toString('latin1', 0, end)
    rest = rest.subarray(end + 2)
    if (line === '') return { message: { body: Buffer.concat(parts), trailers, complete: true, chunked: true }, rest }
    trailers.push(readField(line))
  }
}
