import fc from 'fast-check'
import t from 'tap'
import { escapePath } from '../../src/router/escape.ts'
import { normalizePath, normalizeTarget } from '../../src/router/normalize.ts'
import { pathActions, type PathPolicy } from '../../src/router/path-policy.ts'
import { otherReadings } from '../../src/router/readings.ts'
import { holds } from '../helpers/holds.ts'

function path (target: string): string | null {
  return normalizeTarget(target)?.path ?? null
}

/** What the upstream would get. */
function sent (target: string): string | null {
  const normal = path(target)
  return normal === null ? null : escapePath(normal)
}

t.test('passes a request path on as Kong does', async t => {
  for (const [received, matched, upstream] of [
    ['/a%58c', '/aXc', '/aXc'],
    ['/a%2fb', '/a%2Fb', '/a%2Fb'],
    ['/caf%c3%a9', '/café', '/caf%C3%A9'],
    ['/a%20b', '/a b', '/a%20b'],
    ['/a//b/./c/../d', '/a/b/d', '/a/b/d'],
    ['/x/%2e%2e/y', '/y', '/y'],
    ['/a%7Cb', '/a|b', '/a%7Cb'],
    ['/a|b', '/a|b', '/a%7Cb'],
    ['/%e2%82%ac/%F0%9F%98%80', '/€/😀', '/%E2%82%AC/%F0%9F%98%80']
  ] as const) {
    t.equal(path(received), matched, received)
    t.equal(sent(received), upstream, received)
  }
})

t.test('cuts the query at the first question mark and leaves it alone', async t => {
  t.match(normalizeTarget('/foo'), { path: '/foo', query: null })
  t.match(normalizeTarget('/foo?'), { path: '/foo', query: '' })
  t.match(normalizeTarget('/foo??a=%2f'), { path: '/foo', query: '?a=%2f' })
  t.match(normalizeTarget('/foo?a=/../%zz&b=%00//'), { path: '/foo', query: 'a=/../%zz&b=%00//' })
  t.match(normalizeTarget('/foo%3Fa'), { path: '/foo%3Fa', query: null })
})

t.test('keeps every reserved triplet, with upper-case digits', async t => {
  for (const character of "!*'();:@&=+$,/?%#[]") {
    const triplet = `%${character.charCodeAt(0).toString(16)}`
    t.equal(path(`/a${triplet}`), `/a${triplet.toUpperCase()}`)
    t.equal(sent(`/a${triplet}`), `/a${triplet.toUpperCase()}`)
  }
})

t.test('removes dot segments after decoding and never climbs over the root', async t => {
  for (const [received, normal] of [
    ['/.', '/'],
    ['/..', '/'],
    ['/./', '/'],
    ['/../', '/'],
    ['/../../a', '/a'],
    ['/a/.', '/a/'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/a/b/../', '/a/'],
    ['/a/b/../../../c', '/c'],
    ['/a/%2E./b', '/b'],
    ['/a/.%2e', '/'],
    ['/%2e/a', '/a'],
    ['/a//../b', '/b'],
    ['/a/...', '/a/...'],
    ['/.well-known/x', '/.well-known/x'],
    ['/a/.b/..c/d..', '/a/.b/..c/d..'],
    ['/a/b;x=..', '/a/b;x=..']
  ] as const) t.equal(path(received), normal, received)
})

t.test('collapses slashes', async t => {
  t.equal(path('//'), '/')
  t.equal(path('//host/path'), '/host/path')
  t.equal(path('/a///b//'), '/a/b/')
})

t.test('never turns a back-slash into a slash, and sends it in one form', async t => {
  for (const target of ['/a\\..\\b', '/a%5c..%5Cb', '/a%5C..\\b']) {
    t.equal(path(target), '/a\\..\\b')
    t.equal(sent(target), '/a%5C..%5Cb')
  }
})

t.test('an encoded slash stays, so that it makes no segment', async t => {
  t.equal(path('/a/..%2f..%2Fb'), '/a/..%2F..%2Fb')
  t.equal(sent('/a%2f%2e%2e%2fb'), '/a%2F..%2Fb')
})

t.test('refuses what has no safe reading', async t => {
  for (const target of [
    '/a%', '/a%2', '/a%zz', '/%%32%65', '/%2', '/%u0041', '/%+1', '/% 1',
    '/a%00', '/%00/b', '/a#b', '/#', '/a b', '/a\tb', '/a\x7fb', '/a\u0100', '/\ud83d\ude00',
    '', '*', 'a/b', '?a', 'host:443', 'example.com', 'ftp://host/a', 'http:///a', 'http://', 'http:/a', 'http:a',
    'http://user@host/a', 'http://user:pass@host/a', 'http://host\\a', 'http://host#a', 'http://ho st/'
  ]) t.equal(normalizeTarget(target), null, target)
})

t.test('a triplet is decoded once', async t => {
  t.equal(path('/%252e%252e/a'), '/%252e%252e/a')
  t.equal(sent('/%252e%252e/a'), '/%252e%252e/a')
})

t.test('reads absolute-form', async t => {
  t.same(normalizeTarget('http://Host:80/a/../b?c'), { path: '/b', query: 'c' })
  t.same(normalizeTarget('HTTPS://host'), { path: '/', query: null })
  t.same(normalizeTarget('http://host?a=1'), { path: '/', query: 'a=1' })
  t.same(normalizeTarget('http://[::1]:8000/a'), { path: '/a', query: null })
})

t.test('bytes that are no UTF-8 reach the upstream as they are', async t => {
  for (const target of ['/%FF', '/a%80b', '/%C3', '/%C3/a', '/%C0%AF', '/%E0%80%AF', '/%ED%A0%80', '/%F4%90%80%80', '/%F8%88%80%80%80', '/%C3%A9%A9', '/%F0%9F%98']) {
    t.equal(sent(target), target)
    t.notMatch(path(target), '%', 'and are characters to the router')
  }
})

t.test('raw bytes are the same as their triplets', async t => {
  t.equal(path('/caf\xc3\xa9'), '/café')
  t.equal(sent('/caf\xc3\xa9\xff'), '/caf%C3%A9%FF')
})

t.test('tells the normal form of a path of the file', async t => {
  t.equal(normalizePath('/café/%c3%a9/../x'), '/café/x')
  t.equal(normalizePath('/a//b/'), '/a/b/')
  t.equal(normalizePath('/a%zz'), null)
})

t.test('any target: no throw, one form, and what is sent reads the same again', async () => {
  const byte = fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code))
  const triplet = fc.integer({ min: 0, max: 255 }).map(code => `%${code.toString(16).padStart(2, '0')}`)
  const piece = fc.oneof(fc.constantFrom('/', '.', '..', '%2e', '%2F', '\\', '%5c', 'a', '%C3%A9', '%F0%9F%98%80'), triplet, byte)
  holds(t, fc.property(fc.array(piece, { maxLength: 30 }).map(pieces => `/${pieces.join('')}`), target => {
    const normal = normalizeTarget(target)
    if (normal === null) return true
    const out = escapePath(normal.path)
    return normal.path.startsWith('/') &&
      /^(?:[!$&'()*+,/:;=@[\]\w.~-]|%[\dA-Fa-f]{2})+$/.test(out) &&
      !/\/\/|\/\.{1,2}(?:\/|$)|%2e|%00/i.test(out) &&
      normalizeTarget(out)?.path === normal.path
  }), { numRuns: 5000, seed: 1 })
})

t.test('so many readings are tried and no more, and none where everything is kept as it is', async t => {
  const odd = '/%2F'.repeat(101)
  const keeps = { encoded_slash: 'keep', backslash: 'keep', null_byte: 'keep', control_characters: 'keep', semicolon: 'keep', double_encoding: 'keep', overlong_utf8: 'keep' } as const
  t.equal(otherReadings(odd, { ...keeps, semicolon: 'keep_if_safe' }), null)
  t.not(otherReadings(odd, keeps), null)
})

t.test('by any policy: what is sent reads the same again, and the other readings are paths', async () => {
  const action = fc.constantFrom(...pathActions)
  const policies: fc.Arbitrary<PathPolicy> = fc.record({ encoded_slash: action, backslash: action, null_byte: fc.constantFrom('reject', 'keep'), control_characters: fc.constantFrom('reject', 'keep'), semicolon: action, double_encoding: action, overlong_utf8: action })
  const piece = fc.constantFrom('/', '.', '..', '%2e', '%2f', '\\', '%5c', 'a', ';', '%3b', '%00', '%25', '25', '2', 'e', 'f', '%c0', '%ae', '%af', '%e0', '%80', '%C3%A9', '%f0', '%32', '%23', '%3f')
  holds(t, fc.property(fc.array(piece, { maxLength: 20 }).map(pieces => `/${pieces.join('')}`), policies, (target, policy) => {
    const normal = normalizeTarget(target, policy)
    if (normal === null) return true
    const out = escapePath(normal.path)
    const others = otherReadings(normal.path, policy)
    return !/\/\/|\/\.{1,2}(?:\/|$)/.test(normal.path) &&
      normalizeTarget(out, policy)?.path === normal.path &&
      (others === null || [...others].every(other => other.startsWith('/') && !/\/\/|\/\.{1,2}(?:\/|$)/.test(other)))
  }), { numRuns: 1000, seed: 2 })
})
