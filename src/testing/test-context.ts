/** A test of node:test, tap or anything else that runs a function at its end. */
export type TestContext =
  | { after (close: () => Promise<void>): unknown }
  | { teardown (close: () => Promise<void>): unknown }

export function closeAtEnd (t: TestContext, close: () => Promise<void>): void {
  if ('after' in t) t.after(close)
  else t.teardown(close)
}
