import t from 'tap'
import { createUuids } from '../../src/plugin-kit/uuid.ts'

t.test('an id is a UUID of version 7 with the time in front', async t => {
  const uuid = createUuids(() => 0x0123456789ab)
  for (let count = 0; count < 600; count++) t.match(uuid(), /^01234567-89ab-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
})

t.test('ids of one millisecond differ', async t => {
  const uuid = createUuids(() => 1)
  t.equal(new Set(Array.from({ length: 2000 }, uuid)).size, 2000)
})

t.test('later ids sort behind earlier ones', async t => {
  let now = 1_700_000_000_000
  const uuid = createUuids(() => now++)
  const ids = Array.from({ length: 500 }, uuid)
  t.same([...ids].sort(), ids)
})
