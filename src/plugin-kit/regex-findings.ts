import { checkRegex } from '../config/regex/safety.ts'
import type { CheckFinding } from '../plugin-contract.ts'

/**
 * What is wrong with a regex that is tried on text of clients: it is none, or one text could keep it running.
 *
 * @param path place of the option
 * @param pattern as the file has it, for messages
 * @param source as it is compiled
 * @param subject what it is tried on
 */
export function * regexFindings (path: string, pattern: string, source: string, subject: string): Generator<CheckFinding> {
  const verdict = checkRegex(source)
  switch (verdict.kind) {
    case 'safe':
      return
    case 'invalid':
      yield { path, message: `'${pattern}' is no regex: ${verdict.reason}`, mend: 'Write a regex as JavaScript has it.' }
      return
    case 'vulnerable':
      yield { path, message: `a long ${subject} can make the regex '${pattern}' run for a very long time (${verdict.growth})`, mend: 'Write it without repetitions that can match the same text in several ways.' }
      return
    case 'undecided':
      yield { path, message: `whether a long ${subject} can make the regex '${pattern}' run for a very long time could not be decided: ${verdict.reason}`, mend: 'Write it simpler.' }
  }
}
