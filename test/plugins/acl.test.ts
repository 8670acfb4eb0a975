import t, { type Test } from 'tap'
import plugin from '../../plugins/acl/index.ts'
import { createAuthenticator, definePlugin, type Identity, identityOf, refuse, Type } from '../../src/plugin.ts'
import { type PluginTest, testPlugin } from '../../src/testing/index.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'

/** Believes what `x-identity` says; the consumer by name. */
const believer = definePlugin({
  name: 'believer',
  priority: 1000,
  schema: Type.Object({ anonymous: Type.Optional(Type.String()) }, { additionalProperties: false }),
  scopes: ['route'],
  setup: (config, { consumers }) => ({ consumers, anonymous: config.anonymous === undefined ? null : consumers.find(config.anonymous) ?? null }),
  register (scope, { state: { consumers, anonymous } }) {
    scope.addHook('onRequest', createAuthenticator({ plugin: 'believer', anonymous }, request => {
      const text = request.headers['x-identity']
      if (typeof text !== 'string') return refuse(401, 'Who?')
      const { who, ...parts } = JSON.parse(text) as Partial<Identity> & { who?: string }
      return identityOf({ ...parts, consumer: who === undefined ? null : consumers.find(who) ?? null })
    }))
  }
})

const consumers = [
  { username: 'acme', acls: [{ group: 'partners' }, { group: 'beta' }], groups: ['gold'] },
  { username: 'alone' },
  { username: 'guest' },
  { username: 'guest-with-group', acls: [{ group: 'partners' }] }
]
const consumerGroups = [{ name: 'gold' }]
const credential = { id: 'c' }

interface Case {
  /** Left out: nobody has authenticated. */
  readonly identity?: object
  readonly anonymous?: string
}

interface Outcome {
  readonly status: number
  readonly message?: unknown
  /** What the service was told. */
  readonly consumerGroups?: unknown
  readonly authenticatedGroups?: unknown
}

async function ask (t: Test, config: object, { identity, anonymous }: Case): Promise<Outcome> {
  const auth = identity === undefined && anonymous === undefined ? [] : [{ plugin: believer, config: anonymous === undefined ? {} : { anonymous } }]
  const test: PluginTest = await testPlugin(t, { plugin, config, consumers, consumerGroups, beside: auth })
  const answer = await test.request({
    headers: { 'x-consumer-groups': 'forged', 'x-authenticated-groups': 'forged', ...identity === undefined ? {} : { 'x-identity': JSON.stringify(identity) } }
  })
  t.equal(answer.headers['www-authenticate'], undefined)
  if (answer.status !== 200) return { status: answer.status, message: (answer.json() as { message: unknown }).message }
  const headers = test.received[0]?.headers ?? {}
  const told = { consumerGroups: headers['x-consumer-groups'], authenticatedGroups: headers['x-authenticated-groups'] }
  return { status: 200, ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) }
}

const unauthorized = { status: 401, message: 'Unauthorized' }
const refused = { status: 403, message: 'You cannot consume this service' }
const passed = { status: 200 }

t.test("Kong's table", async t => {
  const allow = { allow: ['partners', 'staff'] }
  const deny = { deny: ['beta', 'suspended'] }
  const harmless = { deny: ['suspended'] }
  const acme = { identity: { who: 'acme', credential } }
  const groups = { identity: { credential, groups: ['staff', 'x'] } }
  for (const [what, config, given, expected] of [
    ['nobody, allow', allow, {}, unauthorized],
    ['nobody, deny', deny, {}, unauthorized],
    ['no consumer, no groups, a credential; allow', allow, { identity: { credential } }, refused],
    ['no consumer, no groups, a credential; deny', deny, { identity: { credential } }, refused],
    ['no consumer, no groups, a token; allow', allow, { identity: { subject: 's' } }, refused],
    ['a consumer without groups; deny', deny, { identity: { who: 'alone', credential } }, passed],
    ['a consumer without groups; allow', allow, { identity: { who: 'alone', credential } }, refused],
    ['anonymous without groups; allow', allow, { anonymous: 'guest' }, unauthorized],
    ['anonymous without groups; deny', deny, { anonymous: 'guest' }, passed],
    ['anonymous in an allowed group', allow, { anonymous: 'guest-with-group' }, { ...passed, consumerGroups: 'partners' }],
    ['in an allowed group', allow, acme, { ...passed, consumerGroups: 'partners, beta' }],
    ['in no allowed group', { allow: ['staff'] }, acme, refused],
    ['in a denied group', deny, acme, refused],
    ['in no denied group', harmless, acme, { ...passed, consumerGroups: 'partners, beta' }],
    ['groups have case', { allow: ['Partners'] }, acme, refused],
    ['authenticated groups, allow', allow, groups, { ...passed, authenticatedGroups: 'staff, x' }],
    ['authenticated groups, none of them', { allow: ['partners'] }, groups, refused],
    ['authenticated groups, denied', { deny: ['x'] }, groups, refused],
    ['authenticated groups: an empty list is a list', allow, { identity: { credential, groups: [] } }, refused],
    ['an empty list, deny', deny, { identity: { credential, groups: [] } }, passed],
    ['a consumer\'s own groups come before those of its credential', allow, { identity: { who: 'acme', credential, groups: ['staff'] } }, { ...passed, consumerGroups: 'partners, beta' }],
    ['unless they always count', { ...allow, always_use_authenticated_groups: true }, { identity: { who: 'acme', credential, groups: ['staff'] } }, { ...passed, authenticatedGroups: 'staff' }],
    ['and there are some', { ...allow, always_use_authenticated_groups: true }, acme, { ...passed, consumerGroups: 'partners, beta' }],
    ['or there is no credential', allow, { identity: { who: 'acme', groups: ['staff'] } }, { ...passed, authenticatedGroups: 'staff' }],
    ['hidden', { ...allow, hide_groups_header: true }, acme, passed],
    ['consumer groups do not count', { allow: ['gold'] }, acme, refused],
    ['unless told', { allow: ['gold'], include_consumer_groups: true }, acme, { ...passed, consumerGroups: 'partners, beta, gold' }]
  ] as const) t.same(await ask(t, config, given as Case), expected, what)
})

t.test('sources of groups', async t => {
  const token = { subject: 's', scopes: ['orders:read'], roles: ['admin'], groups: ['staff'], claims: { realm_access: { roles: ['deep'] }, 'https://x.example/groups': ['far'], text: 'one two', odd: [1, '', 'x', null], number: 7 } }
  const from = (sources: string[], allow: string[], more: object = {}) => ({ allow, groups_from: sources, ...more })
  const told = (groups: string) => ({ ...passed, authenticatedGroups: groups })
  for (const [what, config, identity, expected] of [
    ['scopes', from(['scopes'], ['orders:read']), token, told('orders:read')],
    ['roles', from(['roles'], ['admin']), token, told('admin')],
    ['authenticated', from(['authenticated'], ['staff']), token, told('staff')],
    ['all added up, each once', from(['consumer', 'authenticated', 'scopes', 'roles'], ['beta']), { ...token, who: 'acme', scopes: ['beta', 'z'] }, told('partners, beta, staff, z, admin')],
    ['the consumer alone', from(['consumer'], ['beta']), { ...token, who: 'acme' }, { ...passed, consumerGroups: 'partners, beta' }],
    ['with consumer groups', from(['consumer'], ['gold'], { include_consumer_groups: true }), { ...token, who: 'acme' }, { ...passed, consumerGroups: 'partners, beta, gold' }],
    ['what is not named does not count', from(['scopes'], ['partners', 'admin', 'staff']), { ...token, who: 'acme' }, refused],
    ['none there', from(['scopes'], ['x']), { subject: 's' }, refused],
    ['none there, deny', { deny: ['x'], groups_from: ['scopes'] }, { subject: 's' }, passed],
    ['a claim inside of others', { allow: ['deep'], groups_claim: 'realm_access.roles' }, token, told('deep')],
    ['a claim with dots in its name', { allow: ['far'], groups_claim: 'https://x.example/groups' }, token, told('far')],
    ['a claim that is a text', { allow: ['two'], groups_claim: 'text' }, token, told('one, two')],
    ['only texts are groups', { allow: ['x'], groups_claim: 'odd' }, token, told('x')],
    ['a claim of another type', { allow: ['7'], groups_claim: 'number' }, token, refused],
    ['no such claim', { allow: ['x'], groups_claim: 'constructor.name' }, token, refused],
    ['no claims', { allow: ['x'], groups_claim: 'text' }, { credential }, refused],
    ['claim and sources', from(['scopes'], ['two'], { groups_claim: 'text' }), token, told('orders:read, one, two')]
  ] as const) t.same(await ask(t, config, { identity }), expected, what)
  t.same(await ask(t, from(['scopes'], ['x']), {}), unauthorized)
  t.same(await ask(t, { deny: ['x'], groups_from: ['scopes'] }, {}), unauthorized)
})

t.test('a group that would read as two is not told', async t => {
  const config = { allow: ['a, admin', 'b'], groups_from: ['scopes'] }
  t.same(await ask(t, config, { identity: { subject: 's', scopes: ['a, admin', 'b', 'c\r\nx-evil: 1', 'ü'] } }), { ...passed, authenticatedGroups: `b, ${Buffer.from('ü').toString('latin1')}` })
  t.same(await ask(t, config, { identity: { subject: 's', scopes: ['a, admin'] } }), passed)
})

t.test('a route without a service', async t => {
  const test = await testPlugin(t, { plugin, config: { allow: ['partners'] }, consumers, consumerGroups, beside: [{ plugin: believer }], service: null })
  t.equal((await test.request({ headers: { 'x-identity': JSON.stringify({ who: 'acme', credential }) } })).status, 503)
})

t.test('options', async t => {
  t.same(findings(plugin, {}), ['error '])
  t.same(findings(plugin, { allow: ['a'] }), [])
  t.same(findings(plugin, { allow: ['a'], deny: ['b'] }), ['error /deny'])
  t.same(findings(plugin, { allow: ['a'], groups_from: ['scopes'], always_use_authenticated_groups: true }), ['error /always_use_authenticated_groups'])
  t.same(findings(plugin, { allow: ['a'], groups_claim: 'x', always_use_authenticated_groups: true }), ['error /always_use_authenticated_groups'])
  for (const config of [{ allow: [] }, { deny: [] }, { allow: [''] }, { allow: ['a'], groups_from: [] }, { allow: ['a'], groups_from: ['tokens'] }, { allow: ['a'], groups_claim: 'a..b' }]) {
    t.notOk(validateConfig(plugin, config).valid, JSON.stringify(config))
  }
})
