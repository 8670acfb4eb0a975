import t from 'tap'
import { BOTS } from '../../plugins/bot-detection/bots.ts'
import plugin from '../../plugins/bot-detection/index.ts'
import { checkRegex } from '../../src/plugin.ts'
import { type TestContext, testPlugin } from '../../src/testing/index.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'

const PEOPLE = [
  CHROME,
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 10; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Linux; Android 9; CUBOT) AppleWebKit/537.36',
  'curl/8.5.0', 'Wget/1.21.4', 'python-requests/2.32.0', 'node', 'undici', 'PostmanRuntime/7.39.0', 'insomnia/9.3', 'my-service/1.0', 'Robotics-App/2.0', 'Bottle/0.12'
]

const PROGRAMS = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)', 'CCBot/2.0 (https://commoncrawl.org/faq/)',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)', 'Twitterbot/1.0', 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', 'TelegramBot (like TwitterBot)',
  'Baiduspider+(+http://www.baidu.com/search/spider.htm)', 'Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)', 'Scrapy/2.11', 'my-crawler/1.0', 'AnyName-bot/1.0', 'bot',
  'Go-http-client/1.1', 'axios/1.7.2', 'okhttp/4.12.0', 'reqwest/0.12', 'Python-urllib/3.12', 'Apache-HttpClient/4.5.14 (Java/17)', 'Python/3.12 aiohttp/3.9', 'aws-sdk-go/1.55', 'Boto3/1.34', 'unirest-java/3.1', 'sqlmap/1.8', 'Mozilla/5.0 zgrab/0.x'
]

async function start (t: TestContext, config: object = {}) {
  const test = await testPlugin(t, { plugin, config })
  return async (agent: string | string[]) => await test.request({ headers: { 'user-agent': agent } })
}

t.test('people pass, and programs that say what they are don\'t', async t => {
  const ask = await start(t)
  for (const agent of PEOPLE) t.equal((await ask(agent)).status, 200, agent)
  for (const agent of PROGRAMS) {
    const answer = await ask(agent)
    t.equal(answer.status, 403, agent)
    t.match(answer.json(), { message: 'Forbidden' })
  }
})

t.test('a verdict is the same the second time, and for names that are too long to remember', async t => {
  const ask = await start(t)
  const long = `${'x'.repeat(600)} bot/1.0`
  for (let turn = 0; turn < 2; turn++) {
    t.equal((await ask('curl/8.5.0')).status, 200)
    t.equal((await ask('Twitterbot/1.0')).status, 403)
    t.equal((await ask(long)).status, 403)
  }
})

t.test('allow comes before deny, and deny before the list', async t => {
  const ask = await start(t, { allow: ['^Twitterbot/', 'curl/9'], deny: ['curl'] })
  t.equal((await ask('Twitterbot/1.0')).status, 200)
  t.equal((await ask('  Twitterbot/1.0')).status, 200)
  t.equal((await ask('twitterbot/1.0')).status, 403)
  t.equal((await ask('curl/8.5.0')).status, 403)
  t.equal((await ask('curl/9.0')).status, 200)
  t.equal((await ask(CHROME)).status, 200)
})

t.test('no name passes, two are a mistake', async t => {
  const test = await testPlugin(t, { plugin })
  t.equal((await test.request()).status, 200)
  t.equal((await test.request({ headers: { 'user-agent': '' } })).status, 200)
  const answer = await test.request({ headers: { 'user-agent': ['a', 'b'] } })
  t.equal(answer.status, 400)
  t.match(answer.json(), { message: 'Only one User-Agent header allowed' })
})

t.test('regexes that are none, or that could be made to run for long, are refused at their place', async t => {
  t.same(findings(plugin, { allow: ['a', '(a'], deny: ['(a+)+$', '^b'] }), ['error /allow/1', 'error /deny/0'])
  t.equal(validateConfig(plugin, { deny: [''] }).valid, false)
  t.equal(checkRegex(BOTS.source, BOTS.flags).kind, 'safe')
})
