import fc from 'fast-check'
import t from 'tap'
import { decodeBase64url } from '../../../src/auth/jwt/base64url.ts'
import { holds } from '../../helpers/holds.ts'

t.test('what encodes bytes decodes to them', async t => {
  holds(t, fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
    const text = Buffer.from(bytes).toString('base64url')
    return decodeBase64url(text)?.equals(bytes) === true
  }))
  t.same(decodeBase64url(''), Buffer.alloc(0))
})

t.test('a text is taken exactly when encoding again gives it', async t => {
  let taken = 0
  const character = fc.constantFrom(...'AZaz09-_+/= \n.\u00e9\u0130\u{1f600}BQgw')
  holds(t, fc.property(fc.array(character, { maxLength: 12 }), characters => {
    const text = characters.join('')
    const canonical = Buffer.from(text, 'base64url').toString('base64url') === text
    if (canonical) taken++
    return (decodeBase64url(text) !== null) === canonical
  }), { numRuns: 20_000 })
  t.ok(taken > 100, 'some were canonical')
})

t.test('every other spelling of the same bytes is refused', async t => {
  for (const text of ['QQ==', 'QQ=', 'QR', 'QUF=', 'QUJ', 'Q', 'QUFBQ', 'Q Q', 'QQ\n', '-_-+', '/_-_', 'QQ.', 'ＱＱ', 'QQ\0']) {
    t.equal(decodeBase64url(text), null, JSON.stringify(text))
  }
})
