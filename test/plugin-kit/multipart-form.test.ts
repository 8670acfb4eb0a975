import t from 'tap'
import { MultipartForm } from '../../src/plugin-kit/multipart-form.ts'

const TYPE = 'multipart/form-data; boundary=XX'

const FILE = 'Content-Disposition: form-data; name="file"; filename="a; name=\\"b\\".bin"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n\x00\xff--XX-\n'

function body (...parts: string[]): string {
  return parts.map(part => `--XX\r\n${part}\r\n`).join('') + '--XX--\r\n'
}

function field (name: string, value: string): string {
  return `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`
}

function edit (text: string, change: (form: MultipartForm) => void): string | null {
  const form = MultipartForm.parse(text, TYPE)
  if (form === null) throw new Error('not read')
  change(form)
  return form.toBytes()
}

t.test('parts that nobody touches keep their bytes', async t => {
  const text = body(field('a', '1'), FILE, field('a', '2'), '\r\nno header', 'content-disposition:form-data;name=tight\r\nX-Other: 1\r\n\r\nv')
  t.equal(edit(text, () => {}), text)
})

t.test('preamble, epilogue and blanks after a delimiter mean nothing', async t => {
  t.equal(edit(`preamble\r\n--XX \t\r\n${field('a', '1')}\r\n--XX--\r\nepilogue`, () => {}), body(field('a', '1')))
})

t.test('an empty body is a form without parts', async t => {
  t.equal(edit('', form => form.set('a', '1')), body(field('a', '1')))
})

t.test('what can not be read is not touched', async t => {
  for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/mixed; boundary=XX', `multipart/form-data; boundary=${'x'.repeat(71)}`]) {
    t.equal(MultipartForm.parse(body(field('a', '1')), type), null, type)
  }
  for (const text of ['x', '--XX\r\n\r\nno end', '--XXY\r\n\r\na\r\n--XXY--\r\n', '--XX\n\na\n--XX--\n', '--XX junk\r\n\r\na\r\n--XX--']) {
    t.equal(MultipartForm.parse(text, TYPE), null, text)
  }
})

t.test('the boundary is read in all its spellings', async t => {
  for (const type of ['multipart/form-data; boundary="XX"', 'Multipart/Form-Data;charset=utf-8;Boundary=XX', 'multipart/form-data; boundary=XX ; a=b']) {
    t.ok(MultipartForm.parse(body(field('a', '1')), type)?.has('a'), type)
  }
  t.ok(MultipartForm.parse('--a b?\r\n\r\nx\r\n--a b?--', 'multipart/form-data; boundary="a b?"'))
})

t.test('names are read in all their spellings', async t => {
  for (const header of [
    'Content-Disposition: form-data; name="a"',
    'content-disposition:form-data;name=a',
    'CONTENT-DISPOSITION: Form-Data ; NAME = "a"',
    'Content-Type: text/plain\r\nContent-Disposition: form-data; filename="name=x; name=y"; name="a"',
    'Content-Disposition: form-data;\r\n name="a"',
    'Content-Disposition: form-data; filename=x; name=a'
  ]) t.ok(MultipartForm.parse(body(`${header}\r\n\r\nv`), TYPE)?.has('a'), header)
  t.ok(MultipartForm.parse(body(field('a%22b%0D%0A\\"c\\\\', 'v')), TYPE)?.has('a"b\r\n"c\\'))
  t.ok(MultipartForm.parse(body(field('', 'v')), TYPE)?.has(''))
})

t.test('a name in the content is no name', async t => {
  const form = MultipartForm.parse(body(field('a', 'Content-Disposition: form-data; name="b"'), '\r\nContent-Disposition: form-data; name="c"\r\n\r\nx'), TYPE)
  t.same(['a', 'b', 'c'].filter(name => form?.has(name)), ['a'])
})

t.test('remove takes all parts of the name', async t => {
  t.equal(edit(body(field('a', '1'), field('b', '2'), field('a', '3')), form => t.equal(form.remove('a'), true)), body(field('b', '2')))
  t.equal(MultipartForm.parse('', TYPE)?.remove('a'), false)
})

t.test('a renamed file keeps file name, type and content', async t => {
  t.equal(edit(body(field('upload', 'old'), FILE), form => form.rename('file', 'upload')), body(FILE.replace('name="file"', 'name="upload"')))
  t.equal(edit(body(field('a', '1')), form => form.rename('a', 'b"\r\nc')), body(field('b%22%0D%0Ac', '1')))
})

t.test('set puts one part in the place of all, append one behind', async t => {
  t.equal(edit(body(field('a', '1'), field('b', '2'), field('a', '3')), form => form.set('a', 'v')), body(field('a', 'v'), field('b', '2')))
  t.equal(edit(body(field('a', '1')), form => form.append('a', '2')), body(field('a', '1'), field('a', '2')))
})

t.test('a name can not end the header it stands in', async t => {
  t.equal(edit('', form => form.set('a"\r\nX: y', '1')), body(field('a%22%0D%0AX: y', '1')))
})

t.test('a value that holds the boundary is never written', async t => {
  t.equal(edit('', form => form.set('a', 'x\r\n--XX\r\nContent-Disposition: form-data; name="admin"\r\n\r\n1')), null)
})

t.test('contents are read by name, files byte for byte', async t => {
  const form = MultipartForm.parse(body(field('a', '1'), FILE, field('a', ''), field('b', '2\r\n\r\n3')), TYPE)
  t.same(form?.getAll('a'), ['1', ''])
  t.same(form?.getAll('b'), ['2\r\n\r\n3'])
  t.same(form?.getAll('file'), ['\r\n\x00\xff--XX-\n'])
  t.same(form?.getAll('none'), [])
})
