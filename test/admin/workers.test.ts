/** The Admin API where several processes serve. */
import t from 'tap'
import { ask, gatewayYaml, startProcess, until, upstream } from '../helpers/running.ts'

t.test('with workers, what all of them know is one answer', async t => {
  const up = await upstream(t, (_request, response) => { response.end('ok') })
  const gateway = await startProcess(t, gatewayYaml(up, { workers: 2 }, 'plugins: [{ name: rate-limiting, instance_name: all, config: { hour: 1000, limit_by: ip } }]\n'))
  const get = async (target: string) => JSON.parse((await ask(gateway.adminPort, target)).text)
  const post = async (target: string, body: unknown) => JSON.parse((await ask(gateway.adminPort, target, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).text)
  await until('both have served', async () => {
    await ask(gateway.port, '/a')
    return (await gateway.status()).processes.every(({ requests }) => requests.total > 0)
  })
  let total = 0
  await until('all have ended', async () => {
    total = (await gateway.status()).requests.total
    return (await get('/requests?size=600')).data.length === total
  })
  t.match((await get('/traffic')).routes, [{ route: 'all', requests: total }])
  const { data } = await get('/requests?size=600')
  t.match(await get(`/requests/${data[0].id}`), { id: data[0].id })
  t.match(await get('/limits'), { data: [{ windows: [{ limit: 1000 }], decisions: total }] })
  const order = { entry: 'all', identifier: 'ip:127.0.0.1' }
  t.match(await post('/limits/look-up', order), { windows: [{ limit: 1000, used: total }] })
  t.match(await post('/limits/reset', order), { reset: 2 })
  t.match(await post('/limits/look-up', order), { windows: [{ limit: 1000, used: 0 }] })
  t.match(await post('/reload', {}), { ok: true, snapshot: 2 })
  t.match(await post('/rollback', { snapshot: 1 }), { ok: true, snapshot: 3, of: 1 })
  t.same((await gateway.status()).processes.map(({ snapshot }) => snapshot), [3, 3])
  await gateway.logged(/rolled back to snapshot 1/)
})
