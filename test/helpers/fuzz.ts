import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { packageRoot } from './package-root.ts'

/** What fuzzing is told by hand: `FUZZ_RUNS=20000 FUZZ_SEED=7 node dist/test/e2e/fuzz.test.js`. */
export const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_122)

/** @param runs in CI */
export function runsOf (runs: number): number {
  return Number(process.env['FUZZ_RUNS'] ?? runs)
}

/** Cases that are tried each time: what once went wrong, and what is near it. One character a byte. */
export function keptCases (name: string): string[] {
  return JSON.parse(readFileSync(join(packageRoot, 'test/fixtures/fuzz', `${name}.json`), 'utf8')) as string[]
}

/** Changes some bytes of a text: flips, cuts, doubles. */
export function mutated (texts: fc.Arbitrary<string>, bytes: fc.Arbitrary<string> = fc.nat(255).map(code => String.fromCharCode(code))): fc.Arbitrary<string> {
  const edit = fc.record({ at: fc.nat(1_000), cut: fc.nat(3), put: fc.oneof(fc.constant(''), bytes, bytes) })
  return fc.tuple(texts, fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(edit, { maxLength: 3 }) }))
    .map(([text, edits]) => edits.reduce((before, { at, cut, put }) => {
      const place = before === '' ? 0 : at % before.length
      return before.slice(0, place) + put + before.slice(place + cut)
    }, text))
}
