import t from 'tap'
import { PermissionCache } from '../../../plugins/forward-auth/cache.ts'
import { identityOf } from '../../../src/plugin.ts'
import { HeaderList } from '../../../src/proxy/fields/header-list.ts'

const permission = { identity: identityOf({}), names: false, clientHeaders: [] }

t.test('a flood of questions takes no more than its room: the oldest goes', async t => {
  const cache = new PermissionCache(1_000, () => 0)
  for (let index = 0; index <= 10_000; index++) cache.put(String(index), permission, new HeaderList())
  t.equal(cache.get('0'), undefined)
  t.equal(cache.get('1'), permission)
  t.equal(cache.get('10000'), permission)
})

t.test('questions that only look alike when their fields are joined are different', async t => {
  const cache = new PermissionCache(1_000, () => 0)
  t.not(cache.key(['a', 'b,c']), cache.key(['a,b', 'c']))
  t.notMatch(cache.key(['Authorization', 'Bearer secret']), 'secret')
})
