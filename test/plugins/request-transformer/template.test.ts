import fc from 'fast-check'
import t from 'tap'
import { parseTemplate, renderPath, renderTemplate, TemplateError } from '../../../plugins/request-transformer/template.ts'
import { keptCases, runsOf, seed } from '../../helpers/fuzz.ts'
import type { Source } from '../../../plugins/request-transformer/source.ts'

const values: Record<string, Record<string, string>> = {
  headers: { a: 'A', 'x-y': 'dash', x_z: 'underscore', empty: '', path: '/a%2Fb?c d', 'cr-lf': 'a' },
  query: { a: 'Q', 'a b': 'blank', p: 'a%2Fb', 'caf\xc3\xa9': 'caf\xc3\xa9' },
  captures: { 1: 'one', id: '4 2', rest: 'a%2Fb' }
}

function pick (kind: string, name: string): string | undefined {
  const set = values[kind] as Record<string, string>
  return Object.hasOwn(set, name) ? set[name] : undefined
}

const source = {
  requestId: '0123456789abcdef0123456789abcdef',
  header: (name: string) => pick('headers', name),
  argument: (name: string) => pick('query', name),
  capture: (name: string) => pick('captures', name),
  uuid: () => '01234567-89ab-7def-8123-456789abcdef'
} as unknown as Source

function refusal (text: string): TemplateError {
  try {
    parseTemplate(text)
  } catch (error) {
    if (error instanceof TemplateError) return error
    throw error
  }
  throw new Error(`accepted: ${text}`)
}

function render (text: string): string {
  return renderTemplate(parseTemplate(text), source)
}

t.test('text without a template is itself', async t => {
  for (const text of ['', 'abc', '$', '$a', '(a)', 'a $ (b)', '$$', ' leading and trailing ']) t.equal(render(text), text)
})

t.test('names, brackets, defaults and literals give their values', async t => {
  for (const [text, value] of [
    ['$(headers.a)', 'A'],
    ['$(headers.A)', 'A'],
    ['$( headers.a )', 'A'],
    ["$(headers['a'])", 'A'],
    ['$(headers["X-Y"])', 'dash'],
    ["$(headers[ 'x-y' ])", 'dash'],
    ['$(headers.x_y)', 'dash'],
    ['$(headers.x_z)', 'underscore'],
    ['$(query_params.a)', 'Q'],
    ["$(query_params['a b'])", 'blank'],
    ["$(query_params['café'])", 'caf\xc3\xa9'],
    ['$(uri_captures[1])', 'one'],
    ["$(uri_captures['id'])", '4 2'],
    ['$(uri_captures.id)', '4 2'],
    ['$(uuid)', '01234567-89ab-7def-8123-456789abcdef'],
    ['$(request_id)', '0123456789abcdef0123456789abcdef'],
    ["$('x')", 'x'],
    ["$('$(')", '$('],
    ['$("it\'s")', "it's"],
    ["$('it\\'s \\\\')", "it's \\"],
    ["$(headers.none or 'd')", 'd'],
    ["$(headers.none or query_params.none or 'd')", 'd'],
    ["$(headers.none or query_params.a or 'd')", 'Q'],
    ["$(headers.none or\n'd')", 'd'],
    ['<$(headers.a)|$(query_params.a)>', '<A|Q>'],
    ['$(headers.a)$(headers.a)', 'AA']
  ] as const) t.equal(render(text), value, text)
})

t.test('what the request does not have is empty', async t => {
  for (const text of ['$(headers.none)', "$(headers['none'])", '$(query_params.none)', '$(uri_captures[9])', '$(uri_captures.constructor)', '$(headers.none or query_params.none)']) {
    t.equal(render(`<${text}>`), '<>', text)
  }
})

t.test('an empty value is a value: the default is for what is missing', async t => {
  t.equal(render("<$(headers.empty or 'd')>"), '<>')
})

t.test('a dash in brackets is not an underscore', async t => {
  t.equal(render("<$(headers['x_y'])>"), '<>')
})

t.test('literal text becomes UTF-8 bytes', async t => {
  t.equal(render('café'), 'caf\xc3\xa9')
  t.equal(render("$('é')"), '\xc3\xa9')
})

t.test('anything else is refused, and the error says what to write', async t => {
  for (const text of [
    '$(', '$()', '$(headers', '$(headers)', '$(headers.)', '$(headers.a', '$(headers.a or)', '$(headers.a or or)', '$(headers.a b)',
    '$(headers.x-y)', '$(headers[1])', '$(headers[x])', "$(headers['a)", '$(a)', '$(a.b)', '$(shared.key)', '$(constructor)', '$(toString.a)',
    '$(uri_captures[x])', '$(uri_captures)', '$(query_params.a.b)', '$(string.upper(headers.a))', '$(headers.a .. headers.b)',
    "$(headers.a and 'b')", '$(1 + 1)', '$(1)', '$(uuid())', "$('a)", '$(headers.a)$(b)', "$(headers.aor 'x')"
  ]) {
    const { message, mend } = refusal(text)
    t.match([message, mend], [/\S/, /\S/], text)
  }
})

t.test('the error names the part that is not understood', async t => {
  t.match(refusal('$(shared.key)').message, '`shared` is nothing that a template knows')
  t.match(refusal('$(headers.x-y)').mend, "headers['x-y']")
  t.match(refusal('abc $(headers.a').message, 'never closed')
  t.match(refusal('$(headers.a b)').message, '`b)`')
})

t.test('a template knows whether it reads header fields', async t => {
  t.equal(parseTemplate('abc').readsHeaders, false)
  t.equal(parseTemplate('$(uuid)$(query_params.a)').readsHeaders, false)
  t.equal(parseTemplate('$(query_params.a or headers.a)').readsHeaders, true)
})

t.test('in a path, what can not stand there is escaped', async t => {
  for (const [text, path] of [
    ['/a b/é', '/a%20b/%C3%A9'],
    ['/a%2fb', '/a%2fb'],
    ['/100%', '/100%25'],
    ['/$(uri_captures.id)', '/4%202'],
    ['/$(uri_captures.rest)', '/a%2Fb'],
    ['/$(query_params.p)', '/a%252Fb'],
    ["/$(query_params.none or uri_captures.rest or 'x')", '/a%2Fb'],
    ['$(headers.path)', '/a%2Fb%3Fc%20d'],
    ['/$(query_params.none)', '/'],
    ['/$(uuid)/$(request_id)', '/01234567-89ab-7def-8123-456789abcdef/0123456789abcdef0123456789abcdef']
  ] as const) t.equal(renderPath(parseTemplate(text), source), path, text)
})

t.test(`any text is a template or is refused with a reason, and what it renders to can be a path (seed ${seed})`, async t => {
  const piece = fc.constantFrom('$(', ')', 'headers', 'query_params', 'uri_captures', 'uuid', 'request_id', '.', '[', ']', "'", '"', '\\', ' ', ' or ', 'a', 'x-y', '1', 'id', 'rest', '%2F', '%', '/', '?', '#', '..', '\r\n', '\0', '\u00e9', '\u{1f600}', '\ud800', '__proto__', 'toString', 'constructor')
  const texts = fc.oneof(fc.array(piece, { maxLength: 16 }).map(parts => parts.join('')), fc.tuple(fc.constantFrom('headers', 'query_params', 'uri_captures'), fc.string({ unit: 'binary', maxLength: 6 })).map(([root, name]) => `$(${root}['${name}'])`))
  let accepted = 0
  for (const text of [...keptCases('templates'), ...fc.sample(texts, { seed, numRuns: runsOf(500) })]) {
    try {
      const template = parseTemplate(text)
      renderTemplate(template, source)
      t.match(renderPath(template, source), /^[\x21-\x7e]*$/, JSON.stringify(text))
      accepted++
    } catch (error) {
      if (!(error instanceof TemplateError) || error.message === '' || error.mend === '') t.fail('thrown', { text, error })
    }
  }
  t.ok(accepted > 20, 'some are templates')
})
