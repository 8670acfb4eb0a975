import t from 'tap'
import type { Context } from '../../../src/gateway/context.ts'
import { config, route, service } from '../../helpers/config.ts'
import { startGateway } from '../../helpers/gateway.ts'
import { hangingUpstream } from '../../helpers/hanging-upstream.ts'
import { until } from '../../helpers/running.ts'
import { outcome, requests } from './matrix.ts'

t.test('an upstream that accepts no connection, in quiet and during reloads', async t => {
  const { port: hanging, release } = await hangingUpstream(t)
  const file = config({ services: [service({ port: hanging, retries: 0, connect_timeout: 300 })], routes: [route()] })
  const finished: Context[] = []
  const { server, port } = await startGateway(t, file, [], { accessLog: () => context => { finished.push(context) } })
  const all = async (): Promise<void> => {
    for (const { status } of await Promise.all(Object.values(requests).map(async bytes => await outcome(t, port, bytes)))) t.equal(status, 504)
  }
  await all()
  const answered = all()
  for (let round = 0; round < 5; round++) (await server.prepare(file, new Map())).commit()
  await answered
  await until('all are logged', () => finished.length === 6)
  t.same(new Set(finished.map(context => context.errorCode)), new Set(['SP_UPSTREAM_CONNECT_TIMEOUT']))
  t.same(finished.map(context => context.tries?.length), [1, 1, 1, 1, 1, 1])
  await until('nothing is left', () => server.facts().requests === 0 && server.facts().retired === 0)
  release()
  await until('it is asked again', async () => (await outcome(t, port, requests['GET'] as string)).status === 200)
})
