import t from 'tap'
import { KeyHash } from '../../src/stores/key-hash.ts'

const SECRET = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7])

function digest (secret: Buffer, key: string): string {
  const hash = new KeyHash(secret)
  hash.of(key)
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(hash.low, 0)
  bytes.writeUInt32LE(hash.high, 4)
  return bytes.toString('hex')
}

t.test('it is HalfSipHash-2-4 of the UTF-16 bytes: the vectors of the reference code', async t => {
  t.equal(digest(SECRET, ''), '218d1f59b9b83cc8')
  t.equal(digest(SECRET, '\u0100'), '064f39ef7c50eb57')
})

t.test('texts that differ anywhere, or in length alone, differ', async t => {
  const keys = ['', '\0', '\0\0', '\0\0\0', 'a', 'b', 'ab', 'ba', 'abc', 'abcd', 'ábcd', '😀', 'a'.repeat(127), 'a'.repeat(128), 'a'.repeat(129)]
  t.equal(new Set(keys.map(key => digest(SECRET, key))).size, keys.length)
})

t.test('another secret gives another hash', async t => {
  t.not(digest(SECRET, 'key'), digest(Buffer.from([0, 1, 2, 3, 4, 5, 6, 8]), 'key'))
})
