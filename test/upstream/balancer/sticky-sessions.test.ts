import t from 'tap'
import { createBalancer } from '../../../src/upstream/balancer/create.ts'
import { endpoints, randoms, request, targetOf, turn, upstream } from '../../helpers/balancing.ts'

const sticky = upstream({ algorithm: 'sticky-sessions', sticky_sessions_cookie: 'at', sticky_sessions_cookie_path: '/' })

t.test('a client comes back to where its cookie says, with any gateway', async t => {
  const set = endpoints([1, 1, 1])
  const balancer = createBalancer(sticky, randoms())
  balancer.update(set)
  const first = request()
  const chosen = balancer.pick(first, [], 0)
  const [, cookie = ''] = /^at=([\w-]{16}); Path=\/; SameSite=Lax; HttpOnly$/.exec(first.affinityCookie ?? '') ?? []
  t.not(cookie, '')
  t.notMatch(Buffer.from(cookie, 'base64url').toString('latin1'), /10\.0\.0/, 'it does not show the address')
  const elsewhere = createBalancer(sticky, randoms(2))
  elsewhere.update(endpoints([1, 1, 1]))
  for (let nth = 0; nth < 10; nth++) {
    const next = request({ headers: ['cookie', `at=${cookie}`] })
    t.equal(balancer.pick(next, [], 0), chosen)
    t.equal(next.affinityCookie, null, 'no new cookie')
    t.equal(elsewhere.pick(request({ headers: ['cookie', `at=${cookie}`] }), [], 0)?.host, chosen?.host)
  }
})

t.test('clients without a cookie are spread', async t => {
  const set = endpoints([1, 1, 1])
  const balancer = createBalancer(sticky, randoms())
  balancer.update(set)
  t.equal(new Set(Array.from({ length: 3 }, () => balancer.pick(request(), [], 0))).size, 3)
})

t.test('one whose endpoint is sick, drained, gone, or was tried, gets another one and its cookie', async t => {
  const ways: ReadonlyArray<readonly [string, (set: ReturnType<typeof endpoints>, balancer: ReturnType<typeof createBalancer>) => boolean]> = [
    ['sick', ([first]) => { turn(first as never, false); return false }],
    ['drained', ([first]) => { (first as ReturnType<typeof endpoints>[0]).weight = 0; return false }],
    ['gone', (set, balancer) => { balancer.update(set.slice(1)); return false }],
    ['tried', () => true]
  ]
  for (const [what, change] of ways) {
    const set = endpoints([1, 1])
    const [first, second] = set as [ReturnType<typeof endpoints>[0], ReturnType<typeof endpoints>[0]]
    const balancer = createBalancer(sticky, randoms())
    balancer.update(set)
    const cookies = new Map<unknown, string>()
    for (let nth = 0; nth < 2; nth++) {
      const context = request()
      cookies.set(balancer.pick(context, [], 0), (context.affinityCookie as string).split(';', 1)[0] as string)
    }
    const tried = change(set, balancer)
    const context = request({ headers: ['cookie', cookies.get(first) as string] })
    t.equal(balancer.pick(context, tried ? [targetOf(first)] : [], 0), second, what)
    t.ok(context.affinityCookie?.startsWith(cookies.get(second) as string), what)
  }
})

t.test('a cookie that we have not made is ignored', async t => {
  const set = endpoints([1])
  const balancer = createBalancer(sticky)
  balancer.update(set)
  const context = request({ headers: ['cookie', 'at=../../etc'] })
  t.equal(balancer.pick(context, [], 0), set[0])
  t.ok(context.affinityCookie)
})

t.test('of two attempts that run at the same time, the cookie is that of the one that answers', async t => {
  const set = endpoints([1, 1])
  const balancer = createBalancer(sticky, randoms())
  balancer.update(set)
  const context = request()
  const first = balancer.pick(context, [], 0) as (typeof set)[0]
  const cookie = context.affinityCookie
  const second = balancer.pick(context, [targetOf(first)], 0) as (typeof set)[0]
  t.not(context.affinityCookie, cookie)
  balancer.answers?.(first, context)
  t.equal(context.affinityCookie, cookie)
  balancer.update([second])
  balancer.answers?.(first, context)
  t.equal(context.affinityCookie, cookie, 'an endpoint that is gone has no cookie to give')
  const known = request({ headers: ['cookie', (cookie as string).split(';', 1)[0] as string] })
  balancer.update(set)
  balancer.answers?.(balancer.pick(known, [], 0) as (typeof set)[0], known)
  t.equal(known.affinityCookie, null, 'a client that has it gets none')
})
