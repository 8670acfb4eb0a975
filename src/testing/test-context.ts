/** A test of node:test, tap, vitest or anything else that runs a function at its end. */
export type TestContext =
  | { after (close: () => Promise<void>): unknown }
  | { teardown (close: () => Promise<void>): unknown }
  | { onTestFinished (close: () => Promise<void>): unknown }

export function closeAtEnd (t: TestContext, close: () => Promise<void>): void {
  if ('after' in t) t.after(close)
  else if ('teardown' in t) t.teardown(close)
  else t.onTestFinished(close)
}
