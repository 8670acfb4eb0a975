import t from 'tap'
import { didYouMean, nearest } from '../../src/config/nearest.ts'

t.test('the nearest name is found when it is near', async t => {
  const names = ['services', 'routes', 'plugins', 'consumers', 'id', 'host', 'hosts', 'connect_timeout']
  const expected: ReadonlyArray<readonly [string, string | undefined]> = [
    ['servces', 'services'], ['serivces', 'services'], ['Services', 'services'], ['route', 'routes'], ['conect_timeuot', 'connect_timeout'],
    ['hots', 'host'], ['hostss', 'hosts'], ['ip', 'id'], ['xy', undefined], ['x', undefined], ['', undefined], ['completely', undefined], ['upstreams', undefined]
  ]
  for (const [name, wanted] of expected) t.equal(nearest(name, names), wanted, name)
})

t.test('among equally near names the first wins', async t => {
  t.equal(nearest('cat', ['car', 'cap']), 'car')
})

t.test('a suggestion is a question', async t => {
  t.equal(didYouMean('hsot', ['host']), 'did you mean \'host\'?')
  t.equal(didYouMean('zzz', ['host']), undefined)
})
