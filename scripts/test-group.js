/** What a program of several test files does with each (group-tests.js writes these programs). */
import t from 'tap'

let last = Promise.resolve()
const test = t.test.bind(t)
t.test = (...args) => (last = test(...args))

/** Loads a test file and waits until its tests have ended. */
export async function run (file, load) {
  t.comment(file)
  await load()
  await last
}
