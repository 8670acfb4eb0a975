import fc from 'fast-check'
import type { Test } from 'tap'

/** Asserts that a property holds for all that is tried; the failure names the smallest counter-example and its seed. */
export function holds<Values extends [unknown, ...unknown[]]> (t: Test, property: fc.IAsyncPropertyWithHooks<Values>, options?: fc.Parameters<Values>): Promise<void>
export function holds<Values extends [unknown, ...unknown[]]> (t: Test, property: fc.IPropertyWithHooks<Values>, options?: fc.Parameters<Values>): void
export function holds (t: Test, property: fc.IRawProperty<unknown>, options?: fc.Parameters<unknown>): Promise<void> | void {
  const report = (details: fc.RunDetails<unknown>): void => {
    t.equal(details.failed, false, details.failed ? fc.defaultReportMessage(details) : `holds for ${details.numRuns}`)
  }
  const details = fc.check(property, options)
  return details instanceof Promise ? details.then(report) : report(details)
}
