import { createHash } from 'node:crypto'
import t from 'tap'
import { createApiKey, digestApiKey, isMalformedApiKey, KEY_WORD } from '../../src/auth/api-key.ts'

t.test('a key has prefix, 30 random digits and a checksum', async t => {
  t.match(createApiKey(), /^sp_[0-9A-Za-z]{36}$/)
  t.match(createApiKey('live'), /^sp_live_[0-9A-Za-z]{36}$/)
  const keys = Array.from({ length: 500 }, () => createApiKey())
  t.equal(new Set(keys).size, keys.length)
  t.equal(new Set(keys.flatMap(key => [...key.slice(3, 33)])).size, 62, 'every digit comes up')
})

t.test('keys of ours are well-formed, whatever stands in them', async t => {
  for (let round = 0; round < 200; round++) t.notOk(isMalformedApiKey(createApiKey(round % 2 === 0 ? '' : `w${round}`)))
})

t.test('the checksum is CRC-32 in base 62, so that other programs can check it', async t => {
  // worked out bit by bit, without zlib
  const known = `sp_${'0'.repeat(30)}`
  const right = [...Array(10).keys()].map(String).concat([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'])
  const table = Array.from({ length: 256 }, (_, n) => {
    let value = n
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
    return value >>> 0
  })
  let crc = 0xffffffff
  for (const byte of Buffer.from(known)) crc = (table[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8)
  let rest = BigInt((crc ^ 0xffffffff) >>> 0)
  let digits = ''
  for (let digit = 0; digit < 6; digit++) {
    digits = (right[Number(rest % 62n)] as string) + digits
    rest /= 62n
  }
  t.notOk(isMalformedApiKey(known + digits))
})

t.test('one wrong, missing or added character is noticed', async t => {
  const key = createApiKey()
  for (let index = 3; index < key.length; index++) {
    const other = key[index] === 'x' ? 'y' : 'x'
    t.ok(isMalformedApiKey(key.slice(0, index) + other + key.slice(index + 1)), `at ${index}`)
  }
  for (const wrong of [key.slice(0, -1), `${key}0`, 'sp_', `sp_Live_${key.slice(3)}`, `${key}\n`, `sp_${'a'.repeat(17)}_${key.slice(3)}`, key.replace('sp_', 'sp_live_')]) {
    t.ok(isMalformedApiKey(wrong), wrong)
  }
})

t.test('keys from elsewhere are no business of the checksum', async t => {
  for (const key of ['', 'secret', 'SP_x', 'sk_live_4242', ' sp_x']) t.notOk(isMalformedApiKey(key), key)
})

t.test('the digest is SHA-256 of the bytes', async t => {
  const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  t.equal(digestApiKey('key'), sha(Buffer.from('key')))
  const utf8 = Buffer.from('schlüssel')
  t.equal(digestApiKey(utf8.toString('latin1')), sha(utf8))
})

t.test('words of keys', async t => {
  for (const word of ['live', 'a', '0', 'x'.repeat(16)]) t.match(word, KEY_WORD)
  for (const word of ['', 'Live', 'a_b', 'a-b', 'x'.repeat(17)]) t.notMatch(word, KEY_WORD)
})
