import t from 'tap'
import { statusOf, value, values } from '../helpers/http-messages.ts'
import { startHop, settled } from '../helpers/hop.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'

const H = 'Host: gateway.test\r\n'

/** Refused with this status, a JSON body and a closed connection; the upstream never hears of it. */
const REFUSED: ReadonlyArray<readonly [name: string, status: number, bytes: string]> = [
  ['two Content-Length that differ', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
  ['two Content-Length that agree', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
  ['a list as Content-Length', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 3, 3\r\n\r\nabc`],
  ['Content-Length with a plus sign', 400, `POST / HTTP/1.1\r\n${H}Content-Length: +3\r\n\r\nabc`],
  ['Content-Length below zero', 400, `POST / HTTP/1.1\r\n${H}Content-Length: -3\r\n\r\nabc`],
  ['Content-Length in hexadecimal', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 0x3\r\n\r\nabc`],
  ['Content-Length with a fraction', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 3.0\r\n\r\nabc`],
  ['an empty Content-Length', 400, `POST / HTTP/1.1\r\n${H}Content-Length: \r\n\r\nabc`],
  ['Content-Length beyond 64 bits', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 99999999999999999999\r\n\r\nabc`],
  ['Content-Length before Transfer-Encoding', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['Transfer-Encoding before Content-Length', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`],
  ['Transfer-Encoding with Content-Length: 0', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['an empty Transfer-Encoding', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: \r\n\r\n0\r\n\r\n`],
  ['an unknown Transfer-Encoding', 501, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: br, chunked\r\n\r\n0\r\n\r\n`],
  ['Transfer-Encoding whose last coding is not chunked', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ['Transfer-Encoding: identity', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: identity\r\n\r\nabc`],
  ['chunked twice in one field', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ['two Transfer-Encoding fields', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['two Transfer-Encoding fields, the second unknown', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n`],
  ['Transfer-Encoding with a vertical tab', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  ['chunked in quotes', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`],
  ['chunked with a parameter', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n`],
  ['Transfer-Encoding in HTTP/1.0', 400, `POST / HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a blank before the colon', 400, 'GET / HTTP/1.1\r\nHost : gateway.test\r\n\r\n'],
  ['a blank before the colon of Transfer-Encoding', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
  ['a blank before the first field', 400, `GET / HTTP/1.1\r\n ${H}\r\n`],
  ['a folded field', 400, `GET / HTTP/1.1\r\n${H}X-A: 1\r\n 2\r\n\r\n`],
  ['a folded Transfer-Encoding', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ['a bare CR in a field', 400, `GET / HTTP/1.1\r\n${H}X-A: 1\rX-B: 2\r\n\r\n`],
  ['a bare CR as line end', 400, `GET / HTTP/1.1\r${H}\r\n`],
  ['a bare LF behind a field', 400, `GET / HTTP/1.1\r\n${H}X-A: 1\nX-B: 2\r\n\r\n`],
  ['a bare LF behind the request line', 400, `GET / HTTP/1.1\n${H}\r\n`],
  ['bare LF as the end of the head', 400, `GET / HTTP/1.1\r\n${H}\n`],
  ['NUL in a field', 400, `GET / HTTP/1.1\r\n${H}X-A: a\0b\r\n\r\n`],
  ['a control character in a field', 400, `GET / HTTP/1.1\r\n${H}X-A: a\x01b\r\n\r\n`],
  ['DEL in a field', 400, `GET / HTTP/1.1\r\n${H}X-A: a\x7fb\r\n\r\n`],
  ['a field without a name', 400, `GET / HTTP/1.1\r\n${H}: x\r\n\r\n`],
  ['a field without a colon', 400, `GET / HTTP/1.1\r\n${H}X-A\r\n\r\n`],
  ['a field name with a bracket', 400, `GET / HTTP/1.1\r\n${H}X(A): x\r\n\r\n`],
  ['two Host fields', 400, `GET / HTTP/1.1\r\n${H}Host: other.test\r\n\r\n`],
  ['two equal Host fields', 400, `GET / HTTP/1.1\r\n${H}${H}\r\n`],
  ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
  ['an empty Host', 400, 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['a Host with a path', 400, 'GET / HTTP/1.1\r\nHost: gateway.test/x\r\n\r\n'],
  ['a Host with user information', 400, 'GET / HTTP/1.1\r\nHost: user@gateway.test\r\n\r\n'],
  ['a Host with a blank', 400, 'GET / HTTP/1.1\r\nHost: gateway test\r\n\r\n'],
  ['a Host list', 400, 'GET / HTTP/1.1\r\nHost: gateway.test, other.test\r\n\r\n'],
  ['a Host with a port that is none', 400, 'GET / HTTP/1.1\r\nHost: gateway.test:http\r\n\r\n'],
  ['a Host with a port out of range', 400, 'GET / HTTP/1.1\r\nHost: gateway.test:65536\r\n\r\n'],
  ['a Host with two ports', 400, 'GET / HTTP/1.1\r\nHost: gateway.test:80:80\r\n\r\n'],
  ['an IPv6 Host without brackets', 400, 'GET / HTTP/1.1\r\nHost: ::1\r\n\r\n'],
  ['absolute-form that differs from Host', 400, `GET http://other.test/ HTTP/1.1\r\n${H}\r\n`],
  ['absolute-form with user information', 400, 'GET http://user@gateway.test/ HTTP/1.1\r\nHost: gateway.test\r\n\r\n'],
  ['absolute-form without an authority', 400, `GET http:///x HTTP/1.1\r\n${H}\r\n`],
  ['absolute-form of another scheme', 400, `GET ftp://gateway.test/ HTTP/1.1\r\n${H}\r\n`],
  ['a target without a slash', 400, `GET x HTTP/1.1\r\n${H}\r\n`],
  ['a target that is an authority', 400, `GET gateway.test:80 HTTP/1.1\r\n${H}\r\n`],
  ['OPTIONS *', 400, `OPTIONS * HTTP/1.1\r\n${H}\r\n`],
  ['GET *', 400, `GET * HTTP/1.1\r\n${H}\r\n`],
  ['a fragment in the target', 400, `GET /a#b HTTP/1.1\r\n${H}\r\n`],
  ['a target with a blank', 400, `GET /a b HTTP/1.1\r\n${H}\r\n`],
  ['a target with a tab', 400, `GET /a\tb HTTP/1.1\r\n${H}\r\n`],
  ['a tab before the version', 400, `GET /\tHTTP/1.1\r\n${H}\r\n`],
  ['a blank behind the version', 400, `GET / HTTP/1.1 \r\n${H}\r\n`],
  ['a blank before the method', 400, ` GET / HTTP/1.1\r\n${H}\r\n`],
  ['no version', 400, `GET /\r\n${H}\r\n`],
  ['HTTP/0.9 by its line', 400, 'GET /\r\n\r\n'],
  ['HTTP/0.9 by its name', 400, `GET / HTTP/0.9\r\n${H}\r\n`],
  ['HTTP/1.2', 400, `GET / HTTP/1.2\r\n${H}\r\n`],
  ['HTTP/2.0', 400, `GET / HTTP/2.0\r\n${H}\r\n`],
  ['HTTP/3.0', 400, `GET / HTTP/3.0\r\n${H}\r\n`],
  ['HTTP/1.10', 400, `GET / HTTP/1.10\r\n${H}\r\n`],
  ['http/1.1 in small letters', 400, `GET / http/1.1\r\n${H}\r\n`],
  ['the preface of HTTP/2', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['another protocol', 400, `GET / FTP/1.0\r\n${H}\r\n`],
  ['a TLS handshake', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['two Authorization fields', 400, `GET / HTTP/1.1\r\n${H}Authorization: Basic YTpi\r\nAuthorization: Bearer x\r\n\r\n`],
  ['a method that Node does not know', 400, `FROB / HTTP/1.1\r\n${H}\r\n`],
  ['a method in small letters', 400, `get / HTTP/1.1\r\n${H}\r\n`],
  ['an expectation that is not known', 417, `GET / HTTP/1.1\r\n${H}Expect: tea\r\n\r\n`]
]

t.test('a request that can be read in two ways is refused', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  for (const [name, status, bytes] of REFUSED) {
    await t.test(name, async t => {
      const before = upstream.connections.length
      const client = await rawClient(t, port)
      client.send(bytes)
      const answer = await client.answer()
      t.equal(statusOf(answer), status)
      t.equal(value(answer, 'content-type'), 'application/json; charset=utf-8')
      t.same(values(answer, 'connection').map(text => text.toLowerCase()), ['close'])
      const body = JSON.parse(answer.body.toString()) as { message: string, request_id: string }
      t.same(Object.keys(body), ['message', 'request_id'])
      t.match(body.request_id, /^[0-9a-f]{32}$/)
      await client.end()
      t.equal(client.answers.length, 1, 'one answer')
      t.equal(upstream.connections.length, before, 'nothing went up')
    })
  }
  await settled(server)
})
