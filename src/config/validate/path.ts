import { normalizePath } from '../../router/normalize.ts'
import { compilePathRegex } from '../../router/path-regex.ts'
import type { Finding } from '../report.ts'
import type { EntityContext } from './context.ts'
import { checkRegex } from './regex.ts'

type Path = ReadonlyArray<string | number>

/** What RFC 3986 lets stand in a path as it is. */
const NOT_IN_URI = /[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]/u

/** A triplet that is none. */
const BROKEN_TRIPLET = /%(?![0-9A-Fa-f]{2})/

/** `service.path`, in Kong's order of checks. */
export function checkServicePath (value: string, at: Path, context: EntityContext): void {
  const problem = servicePathProblem(value)
  if (problem !== undefined) context.at(at, { rule: 'bad-path', ...problem })
}

/** Also for the path of a service's `url`. */
export function servicePathProblem (value: string): Omit<Finding, 'rule'> | undefined {
  if (!value.startsWith('/')) return { cause: 'should start with: /', mend: 'Put a / in front.' }
  if (value.includes('//')) return { cause: 'must not have empty segments', mend: 'Write one / where several follow each other.' }
  if (BROKEN_TRIPLET.test(value)) return { cause: 'a % must be followed by two hex digits', mend: 'Write %25 for a % itself.' }
  if (/[?#]/.test(value)) return { cause: 'a path has neither query nor fragment', mend: 'End it before the ? or #.' }
  const foreign = NOT_IN_URI.exec(value)?.[0]
  if (foreign !== undefined) return { cause: 'a path has only the characters of RFC 3986', mend: `Percent-encode it: ${encodeURIComponent(foreign)} instead of ${foreign}` }
  return undefined
}

/** One of `route.paths`. */
export function checkRoutePath (value: string, at: Path, context: EntityContext): void {
  if (value.startsWith('~')) checkRegexPath(value, at, context)
  else checkLiteralPath(value, at, context)
}

function checkLiteralPath (value: string, at: Path, context: EntityContext): void {
  const say = (cause: string, mend: string): void => context.at(at, { rule: 'bad-path', cause, mend })
  if (!value.startsWith('/')) {
    const regex = /[\\^$*()[\]{}|]/.test(value)
    say('should start with: / (fixed path) or ~/ (regex path)', regex ? 'Put ~/ in front of a regex.' : 'Put a / in front.')
  } else if (value.includes('//')) {
    say('must not have empty segments', 'Write one / where several follow each other.')
  } else if (BROKEN_TRIPLET.test(value)) {
    say('a % must be followed by two hex digits', 'Write %25 for a % itself.')
  } else if (/[?#]/.test(value)) {
    say('a path has neither query nor fragment', 'End it before the ? or #; a route can\'t look at them.')
  } else {
    const foreign = /[\p{Cc}"<>\\^`{|}]/u.exec(value)?.[0]
    if (foreign === undefined) checkNormalForm(value, say)
    else say(`a fixed path has no ${/[\p{Cc}"]/u.test(foreign) ? JSON.stringify(foreign) : `"${foreign}"`}`, foreign === '{' ? `Write a regex: ~${value.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$` : 'Write a regex, which starts with ~/.')
  }
}

/** A request is matched in its normal form: a fixed path in any other is never reached. */
function checkNormalForm (value: string, say: (cause: string, mend: string) => void): void {
  const normal = normalizePath(value.replaceAll(' ', '%20'))
  if (normal === null) say('this is no path of a request', 'Correct what is percent-encoded in it.')
  else if (normal !== value) say(`non-normalized path, consider use '${normal}' instead`, `Write ${normal}: requests are matched in this form.`)
}

function checkRegexPath (value: string, at: Path, context: EntityContext): void {
  const say = (cause: string, mend: string): void => context.at(at, { rule: 'bad-regex', cause, mend })
  if (!value.startsWith('~/')) {
    say('should start with: / (fixed path) or ~/ (regex path)', 'Put a / behind the ~.')
  } else if (value.includes('//')) {
    say('must not have empty segments', 'Write one / where several follow each other; [/] for a / behind a /.')
  } else if (BROKEN_TRIPLET.test(value)) {
    say('a % must be followed by two hex digits', 'Write %25 for a % itself.')
  } else {
    checkRegex(value, '~', compilePathRegex(value.slice(1)), at, context)
  }
}
