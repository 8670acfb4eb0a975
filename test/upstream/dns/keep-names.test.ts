import t from 'tap'
import { KeptState } from '../../../src/gateway/keep.ts'
import { keepNames } from '../../../src/upstream/dns/keep-names.ts'
import { dnsServer } from '../../helpers/dns-server.ts'
import { recordingLog } from '../../helpers/recording-log.ts'
import { until } from '../../helpers/running.ts'

t.test('the log tells of the first failure of a row and of its end; snapshots with equal settings share names', async t => {
  const dns = await dnsServer(t)
  dns.mode = 'fails'
  const { log, lines } = recordingLog()
  const kept = new KeptState()
  const settings = { servers: [dns.address], timeout: 500 }
  const { names, key } = keepNames(settings, kept, log)
  t.equal(keepNames({ ...settings }, kept, log).names, names)
  t.not(keepNames({ ...settings, timeout: 501 }, kept, log).names, names)
  const watch = names.watch('a.test', () => {})
  await watch.ready
  t.match(lines, [{ level: 'warn', name: 'a.test', err: { code: 'ESERVFAIL' } }])
  dns.set('a.test', { type: 'A', address: '10.0.0.1' })
  dns.mode = 'answers'
  await until('it is resolved', () => watch.addresses.length === 1)
  t.match(lines, [{}, { level: 'info', msg: 'the name of a target is resolved again' }])
  t.equal(lines.length, 2)
  await kept.release(key)
  t.equal(keepNames(settings, kept, log).names, names, 'there was another user')
  await kept.release(key)
  await kept.release(key)
  t.not(keepNames(settings, kept, log).names, names)
})
