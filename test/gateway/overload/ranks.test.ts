import t from 'tap'
import { ranksOf } from '../../../src/gateway/overload/ranks.ts'
import { route, service } from '../../helpers/config.ts'

t.test('a route is worth what its service is, unless it says otherwise', async t => {
  const routes = [route({ id: 'a' }), route({ id: 'b', importance: 'high' }), route({ id: 'c', service: null }), route({ id: 'd', service: null, importance: 'low' })]
  const ranks = ranksOf({ services: [service({ port: 80, importance: 'low' })], routes })
  t.equal(ranks.count, 3)
  t.same(routes.map(each => ranks.of(each)), [0, 2, 1, 0])
})

t.test('what the file does not use has no rank', async t => {
  const routes = [route({ id: 'a' }), route({ id: 'b', importance: 'high' })]
  const ranks = ranksOf({ services: [service({ port: 80 })], routes })
  t.equal(ranks.count, 2)
  t.same(routes.map(each => ranks.of(each)), [0, 1])
  t.equal(ranksOf({ services: [], routes: [] }).count, 1)
})
