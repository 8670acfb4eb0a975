// Against Node's own parser, whose reading of an answer is what clients of Node, and many others, take for true.
import { createRequire } from 'node:module'
import fc from 'fast-check'
import t from 'tap'
import { AnswerReader } from '../../../src/proxy/transport/http1/answer-reader.ts'
import type { AnswerHead } from '../../../src/proxy/transport/http1/head.ts'
import { holds } from '../../helpers/holds.ts'

interface Read {
  heads: Array<[status: number, fields: string[]]>
  body: string
  complete: boolean
  excess: boolean
  refused: boolean
}

function ours (parts: readonly Buffer[], method: string): Read {
  const read: Read = { heads: [], body: '', complete: false, excess: false, refused: false }
  const head = ({ status, fields }: AnswerHead): void => { read.heads.push([status, fields]) }
  const reader = new AnswerReader({
    moved () {},
    interim: head,
    head,
    switched: head,
    body (chunk) { read.body += chunk.toString('latin1') },
    complete () { read.complete = true }
  })
  reader.expect(method)
  // what is behind the bytes of a read is left from earlier ones
  const shared = Buffer.alloc(65_536, '\r\n\r\nHTTP/1.1 200 OK\r\n')
  try {
    for (const part of parts) {
      if (read.complete) read.excess = true
      else reader.read(shared, part.copy(shared))
    }
  } catch {
    read.refused = true
  }
  read.excess ||= reader.excess
  return read
}

interface Parser {
  initialize (type: number, resource: object): void
  execute (bytes: Buffer): number | Error
  [callback: number]: (...given: never[]) => number | undefined
}

interface ParserClass {
  new (): Parser
  readonly RESPONSE: number
  readonly kOnHeaders: number
  readonly kOnHeadersComplete: number
  readonly kOnBody: number
  readonly kOnMessageComplete: number
}

const { HTTPParser } = createRequire(import.meta.url)('_http_common') as { HTTPParser: ParserClass }

function nodes (bytes: Buffer, method: string): Read {
  const read: Read = { heads: [], body: '', complete: false, excess: false, refused: false }
  const parser = new HTTPParser()
  parser.initialize(HTTPParser.RESPONSE, {})
  let held: string[] = []
  let last = 0
  parser[HTTPParser.kOnHeaders] = (fields: string[]) => { held.push(...fields); return undefined }
  parser[HTTPParser.kOnHeadersComplete] = (_major: number, _minor: number, fields: string[] | undefined, _method: number, _url: string, status: number) => {
    if (read.complete) read.excess = true
    else read.heads.push([status, fields ?? held])
    held = []
    last = status
    return status === 101 ? 2 : method === 'HEAD' && status >= 200 ? 1 : 0
  }
  parser[HTTPParser.kOnBody] = (chunk: Buffer) => { if (!read.complete) read.body += chunk.toString('latin1'); return undefined }
  parser[HTTPParser.kOnMessageComplete] = () => { if (last >= 200) read.complete = true; return undefined }
  const result = parser.execute(bytes)
  read.refused = result instanceof Error
  return read
}

const STATUS_LINES = ['HTTP/1.1 200 OK', 'HTTP/1.1 200', 'HTTP/1.1 200 ', 'HTTP/1.0 200 OK', 'HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.1 205 Reset', 'HTTP/1.1 999 X', 'HTTP/1.1 2000 OK', 'HTTP/1.1  200 OK', 'HTTP/1.2 200 OK', 'http/1.1 200 OK', 'HTTP/1.1\t200 OK', 'ICY 200 OK']
const FIELDS = [
  'Content-Length: 5', 'Content-Length: 0', 'content-length:3', 'Content-Length: 5, 5', 'Content-Length: +5', 'Content-Length: 05', 'Content-Length:', 'Transfer-Encoding: chunked', 'Transfer-Encoding:  chunked ', 'transfer-encoding: CHUNKED', 'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: xchunked', 'Connection: close', 'Connection: keep-alive', 'X: y', 'X:', ' folded', 'X : y', 'X\0: y', 'X: a\0b', 'X: \xe9', 'X: a\rb', 'X: a\nContent-Length: 3', 'X: \x7f', ': empty', 'no colon'
]
const BODIES = [
  '', 'hel', 'hello', 'hello, more', '5\r\nhello\r\n0\r\n\r\n', '5;a="b;c"\r\nhello\r\n0\r\n\r\n', '5\nhello\n0\n\n', '5\r\nhello0\r\n\r\n', '5\r\nhelloX\r\n0\r\n\r\n', '0x5\r\nhello\r\n0\r\n\r\n', '00005\r\nhello\r\n000\r\n\r\n', '-5\r\nhello\r\n', '5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n',
  '5\r\nhello\r\n0\r\nX T: 1\r\n\r\n', '5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', 'ffffffffffffffff\r\nhello', '5\r\r\nhello\r\n0\r\n\r\n', ' 5\r\nhello\r\n0\r\n\r\n', '5\r\nhello\r\n0\r\n\n'
]
const INTERIM = ['', '', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 'HTTP/1.1 102 Processing\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nContent-Length: 4\r\n\r\nabcd']

const answer = fc.tuple(fc.constantFrom(...INTERIM), fc.constantFrom(...STATUS_LINES), fc.array(fc.constantFrom(...FIELDS), { maxLength: 3 }), fc.constantFrom(...BODIES))
  .map(([interim, line, fields, body]) => Buffer.from(`${interim}${[line, ...fields].join('\r\n')}\r\n\r\n${body}`, 'latin1'))
const method = fc.constantFrom('GET', 'GET', 'HEAD')

t.test('however an answer comes, it is read in one way', async t => {
  holds(t, fc.property(answer, method, fc.array(fc.nat(60), { maxLength: 12 }), (bytes, method, cuts) => {
    const parts: Buffer[] = []
    let rest = bytes
    for (const cut of cuts) {
      if (cut === 0 || cut >= rest.length) continue
      parts.push(rest.subarray(0, cut))
      rest = rest.subarray(cut)
    }
    const [inParts, whole] = [ours([...parts, rest], method), ours([bytes], method)]
    // where it is refused, what came before it may have been told
    return whole.refused ? inParts.refused && inParts.complete === whole.complete : JSON.stringify(inParts) === JSON.stringify(whole)
  }))
})

t.test('what is taken for a whole answer is what Node takes for one, and what is behind it is seen', async t => {
  holds(t, fc.property(answer, method, (bytes, method) => {
    const read = ours([bytes], method)
    if (read.refused || !read.complete) return true
    const expected = nodes(bytes, method)
    // bytes behind an answer, whose connection is cut, may be nothing that Node could read
    return expected.complete && JSON.stringify([read.heads, read.body]) === JSON.stringify([expected.heads, expected.body]) && (read.excess || !expected.excess)
  }))
})
