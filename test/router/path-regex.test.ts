import t from 'tap'
import { compileHeaderRegex, compilePathRegex, isProblem } from '../../src/router/path-regex.ts'
import type { CompiledRegex } from '../../src/router/path-regex.ts'

function compiled (pattern: string, compile = compilePathRegex): CompiledRegex {
  const result = compile(pattern)
  if (isProblem(result)) throw new Error(`${pattern}: ${result.reason}`)
  return result
}

function matched (pattern: string, path: string): string | null {
  return compiled(pattern).regex.exec(path)?.[0] ?? null
}

t.test('a path regex is anchored at its start only, in every alternative', async t => {
  t.equal(matched('/a', '/ab'), '/a')
  t.equal(matched('/a$', '/ab'), null)
  t.equal(matched('/a', '/x/a'), null)
  t.equal(matched('/a|/b', '/x/b'), null)
  t.equal(matched('/a|/b', '/b/x'), '/b')
})

t.test('a path regex is case-sensitive, a header regex is not', async t => {
  t.equal(matched('/a', '/A'), null)
  t.ok(compiled('^v\\d$', compileHeaderRegex).regex.test('V1'))
  t.notOk(compiled('^\\D$', compileHeaderRegex).regex.test('1'), 'and \\D does not become \\d')
  t.ok(compiled('b', compileHeaderRegex).regex.test('abc'), 'it is searched anywhere')
})

t.test('both spellings of a named group are one', async t => {
  t.same({ ...compiled('/(?P<a>x)(?<b_2>y)').regex.exec('/xy')?.groups }, { a: 'x', b_2: 'y' })
})

t.test('a back-slash before any punctuation means the character', async t => {
  for (const character of '!"#$%&\'()*+,-./:;=?@[\\]^_`{|}~ ') {
    t.equal(matched(`/\\${character}x`, `/${character}x`), `/${character}x`, character)
    t.equal(matched(`/[\\${character}x]+`, `/${character}x`), `/${character}x`, `${character} in a class`)
    t.equal(matched(`/[^\\${character}]`, `/${character}`), null, `${character} in a negated class`)
  }
})

t.test('a hyphen with a back-slash makes no range', async t => {
  t.equal(matched('/[a\\-z]+', '/a-b'), '/a-')
  t.equal(matched('/[\\w\\-.]+', '/a-b.c/d'), '/a-b.c')
})

t.test('a dot is every character but a line feed, and a whole one', async t => {
  t.equal(matched('/.$', '/\r'), '/\r')
  t.equal(matched('/.$', '/\u2028'), '/\u2028')
  t.equal(matched('/.$', '/😀'), '/😀')
  t.equal(matched('/.$', '/\udcff'), '/\udcff', 'a byte that is no UTF-8 is a character too')
  t.equal(matched('/.', '/\n'), null)
})

t.test('what means the same everywhere passes', async t => {
  for (const pattern of [
    '/v\\d+/[^#?/]+', '/a{2,3}?b*', '/(?:a|b)+$', '/(?=a)(?!b)', '/(?<=a)(?<!b)', '/\\p{L}\\P{Lu}', '/\\x41\\u0041\\u{41}\\cA\\0', '/\\bx\\B',
    '/[\\d\\s-]', '/[a-z&~]', '/[\\]]', '/[^\\]]', '/[-a]', '/[\\x41-\\x5a]', '/^$', ''
  ]) t.notOk(isProblem(compilePathRegex(pattern)), pattern)
})

t.test('what differs between the engines is refused, with its place', async t => {
  for (const [pattern, text, reason] of [
    ['/a++', '++', 'possessive'],
    ['/a*+b', '*+', 'possessive'],
    ['/a{2}+', '{2}+', 'possessive'],
    ['/x(?>a)', '(?>', 'atomic'],
    ['/x(?|a)', '(?|', 'branch reset'],
    ['/x(?#a)', '(?#', 'comment'],
    ['/x(?i)a', '(?i)', 'inline flags'],
    ['/x(?i:a)', '(?i:', 'inline flags'],
    ['/x(?-i:a)', '(?-i:', 'inline flags'],
    ['/x(?\'n\'a)', '(?\'', 'name a group'],
    ['/x(?P=n)', '(?P=', 'reference'],
    ['/x(?R)', '(?R', 'recursion'],
    ['/x(?1)', '(?1', 'recursion'],
    ['/x(?+1)', '(?+1', 'recursion'],
    ['/x(?&n)', '(?&', 'recursion'],
    ['/x(?P>n)', '(?P>', 'recursion'],
    ['/x(?(1)a)', '(?(', 'conditional'],
    ['/x(*FAIL)', '(*', 'verb'],
    ['/x(?C)', '(?', 'this group'],
    ['/x(?<é>a)', '(?<', 'name of a group'],
    ['/x(?<1a>a)', '(?<1a>', 'must start'],
    ['/(?<a>x)(?P<a>y)', '(?P<a>', 'taken'],
    ['/(a)\\1', '\\1', 'reference'],
    ['/(?<a>x)\\k<a>', '\\k', 'reference'],
    ['/\\g{1}', '\\g', 'reference'],
    ['/\\Ax', '\\A', 'not known'],
    ['/x\\z', '\\z', 'not known'],
    ['/\\h', '\\h', 'not known'],
    ['/[\\v]', '\\v', 'a class in PCRE'],
    ['/\\Qa\\E', '\\Q', 'not known'],
    ['/\\<a', '\\<', 'boundary'],
    ['/\\i', '\\i', 'not known'],
    ['/\\é', '\\é', 'not known'],
    ['/\\012', '\\0', 'not known'],
    ['/\\x{41}', '\\x', 'not known'],
    ['/\\pL', '\\p', 'without braces'],
    ['/[[:alpha:]]', '[:', 'POSIX'],
    ['/[a[b]', '[', 'inside a class'],
    ['/[]a]', '[]', 'right after'],
    ['/[^]a]', '[^]', 'right after'],
    ['/[a-z&&[b]]', '&&', 'inside a class'],
    ['/[a--b]', '--', 'inside a class'],
    ['/[\\w-.]', '-', 'range'],
    ['/[ab', '[', 'not closed'],
    ['/{id}', '{', 'starts no'],
    ['/a{,3}', '{', 'starts no'],
    ['/a}', '}', 'lone'],
    ['/a]', ']', 'lone'],
    ['/a)|(b', ')', 'closes no group'],
    ['/(a(b)', '(', 'not closed'],
    ['/a\\', '\\', 'escapes nothing']
  ] as const) {
    const result = compilePathRegex(pattern)
    if (!isProblem(result)) {
      t.fail(`${pattern} was accepted`)
      continue
    }
    t.match(result.reason, reason, pattern)
    t.equal(pattern.slice(result.index, result.index + result.length), text, pattern)
    t.not(result.mend, '')
  }
})

t.test('what JavaScript itself refuses is refused, in its words', async t => {
  t.match(compilePathRegex('/a**'), { index: 0, length: 4, reason: 'the regex does not compile: Nothing to repeat' })
  t.match(compilePathRegex('/\\p{Nonsense}'), { reason: /^the regex does not compile: Invalid property name/ })
  t.match(compilePathRegex('/[b-a]'), { reason: /^the regex does not compile: Range out of order/ })
})

t.test('the literal text that every match starts with ends before the first uncertain character', async t => {
  for (const [pattern, prefix] of [
    ['/a/b', '/a/b'],
    ['/a/b$', '/a/b'],
    ['/v\\d+', '/v'],
    ['/ab?c', '/a'],
    ['/ab*', '/a'],
    ['/ab{0}', '/a'],
    ['/a\\.b\\-c', '/a.b-c'],
    ['/a(?:b)', '/a'],
    ['/a|/b', ''],
    ['/(?:a|b)', '/'],
    ['/?a', ''],
    ['/é😀?', '/é'],
    ['/[a]', '/'],
    ['', '']
  ] as const) t.equal(compiled(pattern).shape.literalPrefix, prefix, pattern)
})

t.test('the segments that every match has are those of literal text between slashes', async t => {
  for (const [pattern, segments] of [
    ['/a/(?<id>[^/]+)/b$', { 0: 'a', 2: 'b' }],
    ['/a/\\d+/b', { 0: 'a' }],
    ['/a/\\d+/b/', { 0: 'a', 2: 'b' }],
    ['/a/(?:x|y)?/b$', { 0: 'a', 2: 'b' }],
    ['/a/.*/b$', { 0: 'a' }],
    ['/a/[^x]/b$', { 0: 'a' }],
    ['/a/\\D/b$', { 0: 'a' }],
    ['/a/(?:x/)?y/b$', { 0: 'a' }],
    ['/a/?b/c$', {}],
    ['/a?/b/c$', { 1: 'b', 2: 'c' }],
    ['/a(?<x>[^/]*)/b/c$', { 1: 'b', 2: 'c' }],
    ['/a+$', {}],
    ['/a/b|/a/c', {}],
    ['/a$/b', { 0: 'a' }],
    ['/a/$', { 0: 'a', 1: '' }],
    ['/a\\/b$', { 0: 'a', 1: 'b' }],
    ['a/b$', { 0: 'b' }]
  ] as const) t.same(Object.fromEntries(compiled(pattern).shape.segments), segments, pattern)
})
