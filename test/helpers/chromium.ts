import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import type { Test } from 'tap'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where a Chromium is installed; undefined: nowhere. */
export const chromiumPath = PLACES.find(place => existsSync(place))

/** A real browser for the time of a test file. */
export async function startChromium (t: Test): Promise<Browser> {
  // no sandbox: tests run in containers, as root
  const browser = await chromium.launch({ executablePath: chromiumPath as string, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
  t.teardown(() => browser.close())
  return browser
}

/** Runs the body of an async function in the page, and gives what it returns. */
export async function run<T> (page: Page, body: string): Promise<T> {
  return await page.evaluate(`(async () => { ${body} })()`) as T
}
