import { type CheckFinding, regexFindings, type Static } from '../../src/plugin.ts'
import { compileOrigins, isPlain, parseOrigin, regexSource } from './origins.ts'
import type { Cors } from './schema.ts'

type Config = Static<typeof Cors>

/** Nobody's: a list that allows these allows whoever comes. */
const STRANGERS = ['https://a5vq7n3k.invalid', 'https://a5vq7n3k.com', 'http://x9-z2.a5vq7n3k.invalid:8443', 'https://192.0.2.77']

/** `*.` or `*` where a host's part should be: a wildcard of other tools. */
const WILDCARD = /^(?:[a-z]+:\/\/)?\*\.?[a-z0-9]/i

/** A dot that is neither escaped nor repeated, between letters: outside of sets, nearly always a dot of a name. */
const LOOSE_DOT = /(?:^|[^\\])(?:\\\\)*[A-Za-z0-9)*?+]\.(?=[A-Za-z0-9(])/

export function * checkConfig (config: Config): Generator<CheckFinding> {
  let usable = true
  for (const [index, entry] of (config.origins ?? []).entries()) {
    for (const finding of checkEntry(entry)) {
      if (finding.severity !== 'warning') usable = false
      yield { ...finding, path: `/origins/${index}` }
    }
  }
  if (config.credentials && usable) yield * checkCredentials(config)
  for (const option of ['headers', 'exposed_headers'] as const) {
    if (!config.credentials || config[option]?.includes('*') !== true) continue
    yield {
      path: `/${option}/${config[option].indexOf('*')}`,
      message: 'with `credentials`, browsers read `*` as the name of a field',
      mend: 'Name the fields.',
      severity: 'warning'
    }
  }
  if (config.preflight_continue && (config.max_age !== undefined || config.headers !== undefined)) {
    yield {
      path: '/preflight_continue',
      message: 'preflights go to the service, so `headers` and `max_age` have no effect',
      mend: 'Remove these options, or `preflight_continue`.',
      severity: 'warning'
    }
  }
}

type Finding = Omit<CheckFinding, 'path'>

function * checkEntry (entry: string): Generator<Finding> {
  if (entry === '*' || entry === 'null') return
  if (isPlain(entry)) {
    yield * checkPlain(entry)
    return
  }
  if (WILDCARD.test(entry)) {
    const mend = entry.replace(/\*\.?/, '[^.]+.').replaceAll('.', '\\.').replace('[^\\.]', '[^.]')
    yield { message: `'${entry}' is a regex, in which \`*\` is no wildcard`, mend: `Write '${mend}'.` }
    return
  }
  const findings = [...regexFindings('', entry, regexSource(entry), 'Origin')]
  yield * findings
  if (findings.length === 0 && entry.includes(':') && !/:|^\^?\.[*+]/.test(entry.replaceAll('(?:', '('))) {
    yield { message: `'${entry}' has a \`:\` in \`(?:\`, so it is matched with the whole origin, which begins with a scheme`, mend: 'Write `(` for `(?:`, or begin it with `https://`.', severity: 'warning' }
  }
  if (findings.length === 0 && LOOSE_DOT.test(entry)) {
    yield { message: `in the regex '${entry}' a dot stands for any character, so that other hosts match, too`, mend: 'Write `\\.` where a dot is meant.', severity: 'warning' }
  }
}

function * checkPlain (entry: string): Generator<Finding> {
  if (parseOrigin(entry) !== null) return
  if (!entry.includes('://')) {
    yield { message: `'${entry}' has no scheme, so no page's origin equals it`, mend: `Write 'https://${entry}'.`, severity: 'warning' }
    return
  }
  const origin = /^[^/]*\/\/[^/]*/.exec(entry)?.[0] ?? ''
  yield { message: `'${entry}' has a path, so no page's origin equals it`, mend: `Write '${origin}'.`, severity: 'warning' }
}

/** Whoever may use the credentials of a user can act as that user. */
function * checkCredentials ({ origins = [] }: Config): Generator<CheckFinding> {
  if (origins.includes('null')) {
    yield {
      path: '/credentials',
      message: 'with `null` among `origins`, every site could act for your users: any page can take that origin by a sandboxed frame',
      mend: 'Remove `null`, or `credentials`.'
    }
  }
  const { allow } = compileOrigins(origins)
  if (STRANGERS.every(stranger => allow(stranger) !== '*' && allow(stranger) !== stranger)) return
  yield {
    path: '/credentials',
    message: `with \`credentials\` and ${origins.length === 0 ? 'no `origins`' : '`origins` that match any site'}, every site could act for your users`,
    mend: 'List in `origins` whose pages may, or remove `credentials`.'
  }
}
