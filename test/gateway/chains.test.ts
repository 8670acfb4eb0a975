import t from 'tap'
import { chainKey, Chains } from '../../src/config/chains.ts'
import { definePlugin, Type } from '../../src/plugin.ts'
import { config, entry, route } from '../helpers/config.ts'

const schema = Type.Object({}, { additionalProperties: false })
const named = (name: string, priority: number) => definePlugin({ name, priority, schema, scopes: ['global'], register () {} })
const registry = new Map([named('late', 1), named('early', 100), named('also-early', 100)].map(plugin => [plugin.name, plugin]))

// Kong's precedence, most specific first
const levels = [
  { id: 'route+service+consumer', route: 'r', service: 's', consumer: 'c' },
  { id: 'route+service+group', route: 'r', service: 's', consumer_group: 'g' },
  { id: 'route+consumer', route: 'r', consumer: 'c' },
  { id: 'service+consumer', service: 's', consumer: 'c' },
  { id: 'route+group', route: 'r', consumer_group: 'g' },
  { id: 'service+group', service: 's', consumer_group: 'g' },
  { id: 'route+service', route: 'r', service: 's' },
  { id: 'consumer', consumer: 'c' },
  { id: 'group', consumer_group: 'g' },
  { id: 'route', route: 'r' },
  { id: 'service', service: 's' },
  { id: 'global' }
]

for (const [index, level] of levels.entries()) {
  t.test(`an entry for ${level.id} beats all that are less specific`, async t => {
    const rest = levels.slice(index).toReversed()
    const chains = new Chains(config({ plugins: rest.map(scope => entry({ name: 'late', ...scope })) }), registry)
    const chain = chains.of(route({ id: 'r', service: 's' }))
    t.equal(chain[0]?.entries[0]?.id, level.id)
  })
}

t.test('alternatives end at the first entry that every consumer gets', async t => {
  const chains = new Chains(config({ plugins: levels.map(scope => entry({ name: 'late', ...scope })) }), registry)
  const ids = chains.of(route({ id: 'r', service: 's' }))[0]?.entries.map(item => item.id)
  t.strictSame(ids, levels.slice(0, 7).map(level => level.id))
})

t.test('of several groups of a consumer the one whose name sorts first wins', async t => {
  const groups = [{ id: 'g-1', name: 'silver' }, { id: 'g-2', name: 'gold' }].map(group => ({ ...group, tags: [], pointer: '' }))
  const chains = new Chains(config({ consumer_groups: groups, plugins: groups.map(({ id }) => entry({ name: 'late', id, consumer_group: id })) }), registry)
  t.strictSame(chains.of(route())[0]?.entries.map(item => item.id), ['g-2', 'g-1'])
})

t.test('a disabled entry gives way to a less specific one', async t => {
  const chains = new Chains(config({
    plugins: [entry({ name: 'late', id: 'off', route: 'r', enabled: false }), entry({ name: 'late', id: 'on' })]
  }), registry)
  t.equal(chains.of(route({ id: 'r' }))[0]?.entries[0]?.id, 'on')
})

t.test('plugins run by priority, equal ones by name, descending', async t => {
  const chains = new Chains(config({ plugins: ['late', 'also-early', 'early'].map(name => entry({ name })) }), registry)
  t.strictSame(chains.of(route()).map(item => item.name), ['early', 'also-early', 'late'])
})

t.test('entries of other routes and services are left out', async t => {
  const chains = new Chains(config({ plugins: [entry({ name: 'late', route: 'x' }), entry({ name: 'early', service: 'y' })] }), registry)
  t.strictSame(chains.of(route({ id: 'r', service: 's' })), [])
})

t.test('an entry of a route and a service applies only where the route is of that service', async t => {
  const chains = new Chains(config({ plugins: [entry({ name: 'late', route: 'r', service: 's' })] }), registry)
  t.equal(chains.of(route({ id: 'r', service: 's' })).length, 1)
  t.equal(chains.of(route({ id: 'r', service: 'other' })).length, 0)
})

t.test('a request without a route gets the global entries', async t => {
  const chains = new Chains(config({ plugins: [entry({ name: 'late' }), entry({ name: 'early', route: 'r' })] }), registry)
  t.strictSame(chains.of(null).map(item => item.name), ['late'])
})

t.test('routes with equal chains have equal keys', async t => {
  const chains = new Chains(config({ plugins: [entry({ name: 'late' }), entry({ name: 'early', route: 'b' })] }), registry)
  t.equal(chainKey(chains.of(route({ id: 'a' }))), chainKey(chains.of(route({ id: 'c' }))))
  t.not(chainKey(chains.of(route({ id: 'a' }))), chainKey(chains.of(route({ id: 'b' }))))
})
