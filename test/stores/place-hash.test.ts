import t from 'tap'
import { PlaceHash } from '../../src/stores/place-hash.ts'

const secret = (start: number): Buffer => Buffer.from(Array.from({ length: (PlaceHash.LONGEST + 1) * 8 }, (_, index) => Math.imul(index + start, 0x9e3779b1) >>> 13))

t.test('it is the upper halves of two sums of products', async t => {
  const bytes = secret(7)
  const numbers = (index: number): number => bytes.readInt32LE(index * 4)
  const sum = (offset: number, text: string): number => Number(BigInt.asUintN(32, [...text].reduce((all, unit, index) => all + BigInt(numbers(index * 2 + offset)) * BigInt(unit.charCodeAt(0)), BigInt(numbers(PlaceHash.LONGEST * 2 + offset)) * BigInt(text.length))))
  for (const text of ['', 'a', 'ip:127.0.0.1', 'é\0€', 'x'.repeat(PlaceHash.LONGEST)]) {
    t.equal(new PlaceHash(bytes).of(text) >>> 0, (sum(0, text) >>> 16) * 65_536 + (sum(1, text) >>> 16), text)
  }
})

t.test('texts that differ anywhere, or in length alone, differ; and so do secrets', async t => {
  const hash = new PlaceHash(secret(1))
  const texts = ['', '\0', '\0\0', 'a', 'b', 'ab', 'ba', 'ábcd', '😀', 'a'.repeat(63), 'a'.repeat(64)]
  t.equal(new Set(texts.map(text => hash.of(text))).size, texts.length)
  t.not(new PlaceHash().of('key'), new PlaceHash().of('key'))
})

t.test('addresses in a row are spread as chance has it', async t => {
  const hash = new PlaceHash(secret(3))
  const lines = new Uint32Array(1024)
  for (let address = 0; address < 65_536; address++) lines[hash.of(`ip:10.0.${address >> 8}.${address & 255}`) >>> 22]!++
  t.ok(Math.max(...lines) < 64 * 3, `${Math.max(...lines)} where 64 are usual`)
})
