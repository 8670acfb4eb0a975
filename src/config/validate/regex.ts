import type { compilePathRegex } from '../../router/path-regex.ts'
import { isProblem } from '../../router/path-regex.ts'
import type { RegexVerdict } from '../regex/safety.ts'
import type { Finding } from '../report.ts'
import type { EntityContext } from './context.ts'
import { sentence } from './sentence.ts'

/**
 * A regex that runs on what clients send: it must compile, mean the same in JavaScript as elsewhere, and always end soon.
 *
 * @param prefix characters of the value before the pattern: `~`, `~*`
 */
export function checkRegex (value: string, prefix: '~' | '~*', compiled: ReturnType<typeof compilePathRegex>, at: ReadonlyArray<string | number>, context: EntityContext): void {
  if (isProblem(compiled)) {
    context.within(at, compiled.index + prefix.length, Math.max(1, compiled.length), {
      rule: 'bad-regex',
      cause: `invalid regex: '${value}' (${compiled.reason})`,
      mend: sentence(compiled.mend)
    })
    return
  }
  const finding = judge(context.checkRegex(compiled.regex.source, compiled.regex.flags), prefix === '~' ? 'path' : 'header')
  if (finding !== null) context.at(at, finding)
}

function judge (verdict: RegexVerdict, what: 'path' | 'header'): Finding | null {
  if (verdict.kind === 'vulnerable') {
    const growth = verdict.growth === 'exponential' ? 'exponentially' : `with ${power(verdict.degree)} of its length`
    return {
      rule: 'regex-backtracking',
      cause: `a client can stop the gateway with this regex: the time that it takes for one ${what} grows ${growth}` +
        (verdict.attack === null ? '' : `, for example for ${shorten(verdict.attack)}`),
      mend: 'Make sure that no two repetitions can read the same text: write `[^/]+` for `.*`, and don\'t repeat a group whose content is repeated.'
    }
  }
  if (verdict.kind !== 'undecided') return null
  return {
    rule: 'regex-undecided',
    severity: 'warning',
    cause: `it could not be decided whether this regex always ends soon: ${verdict.reason}`,
    mend: 'Write it more simply: without look-around, and without large or nested `{n,m}`.'
  }
}

function power (degree: number | null): string {
  if (degree === 2) return 'the square'
  if (degree === 3) return 'the cube'
  return degree === null ? 'a power' : `the ${degree}th power`
}

function shorten (attack: string): string {
  return attack.length > 60 ? `${attack.slice(0, 57)}…` : attack
}
