import t from 'tap'
import { parseHttpDate } from '../../../plugins/hmac-auth/http-date.ts'

const NOW = Date.UTC(2030, 5, 1)
const THEN = Date.UTC(1994, 10, 6, 8, 49, 37)

t.test('all three forms of RFC 9110 are read', async t => {
  t.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT', NOW), THEN)
  t.equal(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', NOW), THEN)
  t.equal(parseHttpDate('Sun Nov  6 08:49:37 1994', NOW), THEN)
  t.equal(parseHttpDate('Thu, 29 Feb 2024 23:59:60 GMT', NOW), Date.UTC(2024, 2, 1), 'a leap second')
})

t.test('two digits of a year are those of at most fifty years ahead', async t => {
  t.equal(parseHttpDate('Monday, 06-Nov-80 00:00:00 GMT', NOW), Date.UTC(2080, 10, 6))
  t.equal(parseHttpDate('Monday, 06-Nov-81 00:00:00 GMT', NOW), Date.UTC(1981, 10, 6))
})

t.test('anything else is none', async t => {
  for (const text of [
    '', 'now', '2030-01-01T00:00:00Z', 'Sun, 06 Nov 1994 08:49:37 +0000', 'Sun, 06 Nov 1994 08:49:37 GMT ', 'sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 31 Feb 2030 08:49:37 GMT', 'Sun, 00 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 24:00:00 GMT', 'Sun, 06 Nov 1994 08:60:37 GMT', 'Sun, 06 Nov 1994 08:49:61 GMT', '1893456000'
  ]) t.equal(parseHttpDate(text, NOW), null, text)
})
