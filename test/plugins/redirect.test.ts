import t from 'tap'
import plugin from '../../plugins/redirect/index.ts'
import { type TestContext, testPlugin } from '../../src/testing/index.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'
import { ask } from '../helpers/raw-client.ts'

async function start (t: TestContext, config: object) {
  return await testPlugin(t, { plugin, config })
}

t.test('clients are sent to the location, with Kong\'s answer', async t => {
  const test = await start(t, { location: 'https://new.example.com/docs?a=1' })
  const answer = await test.request('/old?b=2')
  t.equal(answer.status, 301)
  t.equal(answer.headers['location'], 'https://new.example.com/docs?a=1')
  t.equal(answer.text, 'redirecting')
  t.notOk(answer.headers['content-type'])
  t.equal(test.received.length, 0)
  const other = await start(t, { location: 'http://new.example.com', status_code: 307 })
  const head = await other.request({ method: 'HEAD' })
  t.equal(head.status, 307)
  t.equal(head.headers['location'], 'http://new.example.com')
})

t.test('path and query of the request can take the place of the location\'s', async t => {
  const test = await start(t, { location: 'https://new.example.com:8443/gone', keep_incoming_path: true })
  for (const [target, expected] of Object.entries({
    '/': '/',
    '/a/b?c=d&e=%2F': '/a/b?c=d&e=%2F',
    '//evil.example/x': '//evil.example/x',
    '/%e2%82%ac%20': '/%e2%82%ac%20',
    '/a"<b>{c}|`^': '/a%22%3Cb%3E%7Bc%7D%7C%60%5E'
  })) {
    const { answer } = await ask(t as never, test.port, `GET ${target} HTTP/1.1\r\nHost: old.example.com\r\nConnection: close\r\n\r\n`)
    t.same(answer.fields.filter(([name]) => name.toLowerCase() === 'location').map(([, value]) => value), [`https://new.example.com:8443${expected}`], target)
  }
  const { answer } = await ask(t as never, test.port, 'GET http://old.example.com/x?y HTTP/1.1\r\nHost: old.example.com\r\nConnection: close\r\n\r\n')
  t.ok(answer.fields.some(([name, value]) => name.toLowerCase() === 'location' && value === 'https://new.example.com:8443/x?y'))
  const bare = await ask(t as never, test.port, 'GET http://old.example.com?y HTTP/1.1\r\nHost: old.example.com\r\nConnection: close\r\n\r\n')
  t.ok(bare.answer.fields.some(([name, value]) => name.toLowerCase() === 'location' && value === 'https://new.example.com:8443/?y'))
})

t.test('a location that can\'t be one is refused when the file is loaded', async t => {
  t.same(findings(plugin, { location: 'https://new.example.com' }), [])
  t.same(findings(plugin, { location: 'https://' + 'a'.repeat(3) + ':99999' }), ['error /location'])
  t.same(findings(plugin, { location: 'https://ann:secret@new.example.com' }), ['error /location'])
  t.same(findings(plugin, { location: 'https://new.example.com/a', keep_incoming_path: true }), ['warning /location'])
  for (const config of [{}, { location: '/docs' }, { location: 'javascript://x' }, { location: 'https://a\r\nb: c' }, { location: 'https://a b' }, { location: 'https://a', status_code: 200 }, { location: 'https://a', status_code: 304 }]) {
    t.equal(validateConfig(plugin, config).valid, false, JSON.stringify(config))
  }
})
