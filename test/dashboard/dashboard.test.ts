/** The dashboard in a real browser, on made-up answers: every state, more rows than anybody has. One start of it for all. */
import { readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { mintDebugToken } from '../../src/debug/token.ts'
import { chromiumPath, startChromium } from '../helpers/chromium.ts'
import { finding, SOURCE_LINES } from '../helpers/dashboard-data.ts'
import { fakeAdmin, type FakeAdmin } from '../helpers/fake-admin.ts'
import { packageRoot } from '../helpers/package-root.ts'
import { ask, gatewayYaml, startProcess, until, upstream } from '../helpers/running.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SECRET = '0123456789abcdef0123456789abcdef'
const VIEWS: Readonly<Record<string, string>> = {
  '': 'Overview',
  routes: 'Routes',
  'routes/orders-00007': 'Recent requests',
  requests: 'Requests',
  'requests/req-2': 'Where the time went',
  upstreams: 'Services',
  'upstreams/orders': 'Targets',
  limits: 'Look up a count',
  consumers: 'Consumers',
  certificates: 'Certificates',
  'config?a=2&b=4': '4 changes from 2 to 4',
  explain: 'Explain',
  'no/such': 'No such view'
}

interface Opened {
  readonly page: Page
  readonly fake: FakeAdmin
  /** What the browser complained about: policy, script, network. */
  readonly complaints: string[]
}

async function open (t: Test, browser: Browser, hash = '', options: { readonly width?: number, readonly dark?: boolean } = {}): Promise<Opened> {
  const fake = await fakeAdmin()
  const context = await browser.newContext({ viewport: { width: options.width ?? 1280, height: 800 }, colorScheme: options.dark === true ? 'dark' : 'light', reducedMotion: 'reduce' })
  t.teardown(async () => {
    await context.close()
    await fake.close()
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()) })
  page.on('pageerror', error => { complaints.push(error.message) })
  await page.goto(`${fake.url}#/${hash}`)
  return { page, fake, complaints }
}

/** Serious and critical findings; in a second scheme nothing but colours can differ. A table's eighth row is like its seventh. */
async function findings (page: Page, coloursAlone: boolean): Promise<string[]> {
  return await page.evaluate(`(async () => {
    if (window.axe === undefined) { ${AXE} }
    const options = { resultTypes: ['violations'], ${coloursAlone ? "runOnly: ['color-contrast']" : ''} }
    const { violations } = await axe.run({ include: [document], exclude: [['tbody tr:nth-child(n + 8)']] }, options)
    return violations.filter(each => ['serious', 'critical'].includes(each.impact)).map(each => each.id + ': ' + each.nodes.map(node => node.target.join(' ')).join(', '))
  })()`) as string[]
}

t.test('what is shipped is small', async t => {
  const size = (file: string): number => statSync(join(packageRoot, 'dist/src/dashboard', file)).size
  t.ok(size('app.js') <= 150 * 1024, `${size('app.js')} bytes of script`)
  t.ok(size('app.css') <= 20 * 1024, `${size('app.css')} bytes of styles`)
})

t.test('the dashboard', { skip: chromiumPath === undefined && 'there is no Chromium here' }, async t => {
  const browser = await startChromium(t)

  t.test('no view has a fault of accessibility, wide or narrow, light or dark, and none is wider than the page', async t => {
    // side by side: the browser has a process for each
    await Promise.all([1280, 360].map(async width => {
      const { page, complaints } = await open(t, browser, '', { width })
      for (const [hash, text] of Object.entries(VIEWS)) {
        const name = `#/${hash} at ${width} px`
        await page.emulateMedia({ colorScheme: 'light' })
        await page.evaluate(`location.hash = '#/${hash}'`)
        await page.getByText(text, { exact: true }).first().waitFor({ state: 'attached' })
        await page.locator('[aria-busy]').first().waitFor({ state: 'detached' })
        if (hash === 'explain') {
          await page.getByLabel('URL').fill('/tenants/7/orders')
          await page.keyboard.press('Enter')
          await page.getByText('Headers upstream').first().waitFor()
        }
        t.same(await findings(page, false), [], `${name}, light`)
        await page.emulateMedia({ colorScheme: 'dark' })
        t.same(await findings(page, true), [], `${name}, dark`)
        t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name} fits`)
        t.same(await page.evaluate('[...document.querySelectorAll(".frame:not(.source)")].filter(each => each.scrollWidth > each.clientWidth).map(each => each.ariaLabel)'), [], `${name} cuts no table`)
        t.match(await page.title(), / · Sallyport$/, `${name} has a title`)
      }
      t.same(complaints, [], 'the browser does not complain: no inline style, no script of another origin')
    }))
  })

  t.test('ten thousand routes are a few dozen rows, all of which can be found', async t => {
    const { page } = await open(t, browser, 'routes')
    const rows = page.locator('tbody tr[data-row]')
    await rows.first().waitFor()
    t.ok(await rows.count() < 80, `${await rows.count()} rows are in the page`)
    t.equal(await page.locator('table').getAttribute('aria-rowcount'), '10001')
    await page.evaluate('document.querySelector(".frame").scrollTop = 1e7')
    await page.getByRole('link', { name: 'orders-09999' }).waitFor()
    await page.getByLabel('Name, path, host').fill('tenants/4321 rate')
    await page.getByText('0 of 10,000').waitFor()
    t.match(await page.locator('.nothing').textContent(), /tenants\/4321 rate/, 'what was looked for is said')
    await page.getByLabel('Name, path, host').fill('tenants/4321 cors')
    await page.getByText('1 of 10,000').waitFor()
    t.match(page.url(), /q=tenants%2F4321\+cors/, 'the address carries the search')
    await page.getByLabel('Name, path, host').fill('')
    await page.getByRole('button', { name: 'Req/s' }).click()
    t.equal(await page.getByRole('columnheader', { name: 'Req/s' }).getAttribute('aria-sort'), 'descending')
    t.equal(await rows.first().locator('a').first().textContent(), 'orders-00000')
    await page.reload()
    t.equal(await page.getByRole('columnheader', { name: 'Req/s' }).getAttribute('aria-sort'), 'descending', 'a link carries the order')
  })

  t.test('the keyboard alone is enough, and updates leave the focus where it is', async t => {
    const { page } = await open(t, browser, 'routes?sort=-rate')
    await page.locator('tbody a').first().waitFor()
    await page.keyboard.press('Tab')
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content')
    await page.keyboard.press('Enter')
    t.equal(await page.evaluate('document.activeElement.id'), 'main')
    const link = page.getByRole('link', { name: 'orders-00014' })
    await link.focus()
    const updated = page.waitForResponse(/\/traffic$/)
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))')
    await updated
    t.equal(await page.evaluate('document.activeElement.textContent'), 'orders-00014')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'orders-00014' }).waitFor()
    t.equal(await page.evaluate('document.activeElement.tagName'), 'H1', 'a reader of the screen hears the new view')
    const chart = page.getByRole('slider', { name: /^Latency/ })
    await chart.focus()
    const latest = await chart.getAttribute('aria-valuetext')
    await page.keyboard.press('Home')
    t.not(await chart.getAttribute('aria-valuetext'), latest)
    t.match(await chart.getAttribute('aria-valuetext'), /^[\d :-]+: p50 [\d.]+ ms, p90 [\d.]+ ms, p99 [\d.]+ ms$/)
  })

  t.test('a token is asked for, kept for the tab, and wrong ones are told', async t => {
    const { page, fake } = await open(t, browser)
    fake.token = 'correct horse'
    await page.reload()
    await page.getByLabel('Token').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('That is not the token').waitFor()
    t.same(await findings(page, false), [])
    await page.getByLabel('Token').fill('correct horse')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    t.notMatch(page.url(), /horse/)
    t.equal(await page.evaluate('localStorage.length'), 0)
    await page.reload()
    await page.getByRole('heading', { name: 'Traffic' }).waitFor()
  })

  t.test('an error has a way to try again', async t => {
    const { page, fake } = await open(t, browser)
    fake.instead.set('/consumers', { status: 500, body: { message: 'A worker did not answer.' } })
    await page.goto(`${fake.url}#/consumers`)
    await page.getByText('Can\'t read the consumers: A worker did not answer.').waitFor()
    fake.instead.clear()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('link', { name: 'alice-0' }).waitFor()
    fake.instead.set('/consumers', { status: 200, body: { data: [], next: null } })
    await page.reload()
    await page.getByText('The file has no consumers.').waitFor()
  })

  t.test('a gateway that stops is told, and its return too', async t => {
    const { page, fake } = await open(t, browser)
    await page.getByRole('heading', { name: 'Traffic' }).waitFor()
    await fake.close()
    await page.getByText(/has not answered since/).waitFor()
    t.ok(await page.getByRole('heading', { name: 'Traffic' }).isVisible(), 'what was known stays')
    const again = await fakeAdmin(fake.port)
    t.teardown(() => again.close())
    await page.getByText(/It answers again/).waitFor()
  })

  t.test('what is old says so, and thousands of findings don\'t fill the page', async t => {
    const { page, fake } = await open(t, browser)
    await page.getByText('running', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.evaluate('(now => { Date.now = () => now() + 60_000 })(Date.now)')
    await page.getByText(/^as of /).waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('running', { exact: true }).waitFor()
    const many = Array.from({ length: 3_000 }, () => finding)
    fake.instead.set('/reload', { status: 409, body: { ok: false, dry_run: true, changed: true, snapshot: null, of: null, took: 22, error: '3000 errors in the file', diagnostics: many } })
    await page.evaluate('location.hash = "#/config"')
    await page.getByRole('button', { name: 'Check the file' }).click()
    await page.getByText('and 2,950 more').waitFor()
    t.equal(await page.locator('[aria-label=Reload] .finding').count(), 50)
  })

  t.test('nothing is changed without a second yes', async t => {
    const { page, fake } = await open(t, browser, 'config')
    await page.getByRole('button', { name: 'Roll back… to snapshot 3' }).click()
    await page.keyboard.press('Escape')
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Roll back… to snapshot 3', 'focus is back')
    t.same(fake.orders, [])
    await page.getByRole('button', { name: 'Roll back… to snapshot 3' }).click()
    await page.getByRole('dialog').getByText('2 changes from 4 to 3').waitFor()
    t.match(await page.getByRole('dialog').textContent(), /config\.minute: 400 → 300/, 'what it will change is said before')
    t.same(await findings(page, false), [])
    await page.getByRole('button', { name: 'Roll back', exact: true }).click()
    await page.getByText('Rolled back to snapshot 3: it runs as snapshot 6').waitFor()
    t.same(fake.orders, ['/rollback {"snapshot":3}'])
    await page.getByRole('button', { name: 'Check the file' }).click()
    await page.getByText('A reload would be refused').waitFor()
    await page.getByText('gateway.yaml:12:9').first().waitFor()
    t.match(await page.locator('[aria-label=Reload] .finding').textContent(), /There is no key “pahts” in a route\.Mend: Write paths\./)
    t.equal(fake.orders.at(-1), '/reload {"dry_run":true}')
    await page.evaluate('location.hash = "#/limits?identifier=ip:203.0.113.7"')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByRole('button', { name: 'Reset…' }).click()
    fake.instead.set('/limits/reset', { status: 403, body: { message: 'gateway.admin.write is not true' } })
    await page.getByRole('button', { name: 'Reset the count' }).click()
    await page.getByRole('alert').getByText('gateway.admin.write is not true').waitFor()
  })

  t.test('the file is shown as it is, at the line that was asked for', async t => {
    const { page } = await open(t, browser, 'config?line=1235')
    await page.locator('.source .chosen').waitFor()
    t.equal(await page.locator('.source .chosen .gutter').textContent(), '1235')
    t.match(await page.locator('.source .chosen .text').textContent(), /value 1234 <b>&amp;/, 'text is text, never markup')
    t.ok(await page.evaluate('(top => top > 0 && top < innerHeight)(document.querySelector(".source .chosen").getBoundingClientRect().top)'), 'in sight')
    t.equal((await page.locator('.source .text').allTextContents()).join('\n').split('\n').length, SOURCE_LINES)
    t.match(await page.locator('.source .finding').textContent(), /12:9 Route list has no authentication\./)
  })

  t.test('colours follow the system until they are switched', async t => {
    const { page } = await open(t, browser, 'consumers', { dark: true })
    const ground = async (): Promise<string> => await page.evaluate('getComputedStyle(document.documentElement).backgroundColor') as string
    const dark = await ground()
    await page.getByRole('button', { name: 'Auto colours' }).click()
    t.not(await ground(), dark)
    await page.reload()
    await page.getByRole('button', { name: 'Light colours' }).click()
    t.equal(await ground(), dark)
  })

  t.test('a running gateway: a refusal is seen and explained, a file refused, a snapshot put back', async t => {
    const port = await upstream(t, (_, response) => { response.end('{}') })
    const yaml = (day: number, key = 'paths'): string => gatewayYaml(port, { debug: { secret: SECRET } }, `  - name: dead
    url: http://127.0.0.1:1
    retries: 0
    routes:
      - { name: dead, paths: [/dead] }
  - name: orders
    host: pool
    routes:
      - name: list-orders
        ${key}: [/orders]
        plugins:
          - name: key-auth
          - { name: rate-limiting, config: { day: ${day}, policy: local, limit_by: consumer } }
upstreams:
  - { name: pool, targets: [{ target: "127.0.0.1:${port}" }] }
consumers:
  - { username: alice, keyauth_credentials: [{ key: alice-secret-0123456789 }] }
`)
    const gateway = await startProcess(t, yaml(20))
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' })
    t.teardown(() => context.close())
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', message => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()) })
    const go = async (hash: string): Promise<void> => { await page.evaluate(`location.hash = '#/${hash}'`) }
    // what a look some seconds later would show
    const look = async (): Promise<void> => { await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))') }

    for (const [path, headers, status] of [['/orders?q=1&apikey=alice-secret-0123456789', {}, 200], ['/orders', {}, 401], ['/dead', {}, 502], ['/users', {}, 200]] as const) {
      t.equal((await ask(gateway.port, path, { headers })).status, status)
    }
    await page.goto(`http://127.0.0.1:${gateway.adminPort}/dashboard`)
    await page.getByRole('link', { name: /GET \/dead$/ }).waitFor()
    await go('requests')
    await page.getByText('apikey=REDACTED').first().waitFor()
    t.notMatch(await page.content(), /alice-secret/)
    await go('requests?end=UA')
    await page.getByRole('link', { name: /GET \/orders$/ }).click()
    await page.getByText('No credential, or one that is not valid.').waitFor()
    // the list says the same sentence: what is told of the request alone shows that its page is there
    await page.locator('.facts', { hasText: 'Ended by' }).getByText('key-auth').waitFor()
    t.equal(await page.locator('.facts', { hasText: 'Ended by' }).getByText('key-auth').count(), 1)
    await page.getByRole('link', { name: 'list-orders' }).click()
    await page.getByRole('row', { name: /2 rate-limiting route everybody/ }).waitFor()
    const debugged = await ask(gateway.port, '/orders', { headers: { 'x-sallyport-debug': mintDebugToken(SECRET, { exp: Math.floor(Date.now() / 1000) + 60 }, Date.now()) } })
    await go(`requests/${String(debugged.headers['x-sallyport-debug-id'])}`)
    await page.getByRole('row', { name: /^key-auth access SP_UNAUTHORIZED/ }).waitFor()
    await page.getByText('What explain says of it').waitFor()
    await go('routes')
    await page.getByRole('row', { name: /list-orders .*key-auth → rate-limiting/ }).waitFor()
    await go('upstreams')
    await page.getByRole('row', { name: new RegExp(`127\\.0\\.0\\.1:${port}`) }).first().waitFor()
    await go('consumers')
    await page.getByRole('row', { name: /alice.*1 API key/ }).waitFor()
    await go('explain?url=/orders/7')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByRole('row', { name: /rate-limiting route line/ }).waitFor()

    await go('limits?identifier=consumer:alice')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByRole('row', { name: 'day 1 20 19' }).waitFor()
    await page.getByRole('button', { name: 'Reset…' }).click()
    await page.getByRole('button', { name: 'Reset the count' }).click()
    await page.getByRole('row', { name: 'day 0 20 20' }).waitFor()

    gateway.write(yaml(20, 'pahts'))
    await gateway.logged(/refused|error/)
    await go('config')
    await look()
    await page.getByText('The file as it is now was refused').waitFor()
    t.match((await page.locator('.finding').allTextContents()).join(), /pahts/)
    gateway.write(yaml(30))
    await until('the next snapshot runs', async () => (await gateway.status()).configuration.snapshot === 2)
    await look()
    await page.getByText('What differs between two').click()
    await page.getByText('1 change from 1 to 2').waitFor()
    t.match(await page.locator('.changes').textContent(), /rate-limiting.*config\.day: 20 → 30/)
    await page.getByRole('button', { name: 'Roll back… to snapshot 1' }).click()
    await page.getByRole('button', { name: 'Roll back', exact: true }).click()
    await page.getByText('Rolled back to snapshot 1').waitFor()
    await go('')
    await page.getByText('Rolled back: snapshot 1 runs').waitFor()
    t.notMatch(await page.content(), /alice-secret/)
    t.same(complaints, [])
    t.equal(gateway.child.kill('SIGKILL'), true)
    await page.getByText(/has not answered since/).waitFor()
  })
})
