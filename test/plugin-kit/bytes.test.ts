import t from 'tap'
import { escapeArgument, escapePath, escapeRest, hasDotSegment, toBytes, toFieldValue, toText, unescapeArgument } from '../../src/plugin-kit/bytes.ts'

t.test('text and bytes are each other\'s reverse', async t => {
  for (const text of ['', 'abc', 'café', '\u{1f600}', '\r\n\0']) t.equal(toText(toBytes(text)), text)
  t.equal(toBytes('é'), '\xc3\xa9')
})

t.test('a header value can not hold a control character', async t => {
  for (let code = 0; code < 256; code++) {
    const value = toFieldValue(`a${String.fromCharCode(code)}b`)
    const allowed = code === 9 || (code >= 32 && code !== 127)
    t.equal(value, allowed ? `a${String.fromCharCode(code)}b` : 'a b', `byte ${code}`)
  }
})

t.test('a path keeps what RFC 3986 lets stand', async t => {
  const kept = "abcXYZ019-._~!$&'()*+,;=:@/"
  t.equal(escapePath(kept), kept)
  t.equal(escapePath('%2F ?#[]"<>\\^`{|}\xff\n'), '%252F%20%3F%23%5B%5D%22%3C%3E%5C%5E%60%7B%7C%7D%FF%0A')
  t.equal(escapeRest('%2F%2f%zz%'), '%2F%2f%25zz%25')
})

t.test('arguments are escaped and read back', async t => {
  const every = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('')
  t.match(escapeArgument(every), /^[\w.~%-]+$/)
  t.equal(unescapeArgument(escapeArgument(every)), every)
  t.equal(unescapeArgument('a+b%2Bc%zz%'), 'a b+c%zz%')
})

t.test('dot segments are seen in every spelling', async t => {
  for (const path of ['..', '/..', '/.', '/a/../b', '/a/%2e%2E/b', '/.%2e', '/a/.']) t.ok(hasDotSegment(path), path)
  for (const path of ['', '/', '/...', '/a..b', '/.well-known', '/%2ea', '/a.']) t.notOk(hasDotSegment(path), path)
})
