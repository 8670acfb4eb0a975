import { type CheckFinding, isHopField, splitPair } from '../../src/plugin.ts'
import { type Config, fieldsOf, HSTS } from './fields.ts'

/** What the lists of browsers ask for, in seconds: https://hstspreload.org/ */
const PRELOAD_AGE = 31_536_000

/** Fields that say what an answer is: never the same for all. */
const NOT_CONSTANT = new Set(['set-cookie', 'content-type', 'content-encoding', 'location', 'date', 'vary', 'etag'])

/** Directives of Content-Security-Policy (level 3, and what browsers still know of level 2). */
const DIRECTIVES = new Set([
  'base-uri', 'block-all-mixed-content', 'child-src', 'connect-src', 'default-src', 'fenced-frame-src', 'font-src', 'form-action',
  'frame-ancestors', 'frame-src', 'img-src', 'manifest-src', 'media-src', 'object-src', 'plugin-types', 'prefetch-src', 'report-to',
  'report-uri', 'require-trusted-types-for', 'sandbox', 'script-src', 'script-src-attr', 'script-src-elem', 'style-src',
  'style-src-attr', 'style-src-elem', 'trusted-types', 'upgrade-insecure-requests', 'webrtc', 'worker-src'
])

export function * checkConfig (config: Config): Generator<CheckFinding> {
  yield * checkNames(config)
  const { hsts } = config
  if (hsts.enabled && hsts.preload && (hsts.max_age < PRELOAD_AGE || !hsts.include_subdomains)) {
    yield {
      path: '/hsts/preload',
      message: `lists of browsers take names only with \`include_subdomains\` and a \`max_age\` of at least ${PRELOAD_AGE}`,
      mend: 'Set both, or remove `preload`.'
    }
  }
  yield * checkPolicy(config.content_security_policy ?? '')
}

function * checkNames (config: Config): Generator<CheckFinding> {
  const sent = new Set(fieldsOf(config).map(([name]) => name.toLowerCase()))
  for (const [index, pair] of config.headers.entries()) {
    const [name] = splitPair(pair)
    if (!isHopField(name) && !NOT_CONSTANT.has(name.toLowerCase())) continue
    yield { path: `/headers/${index}`, message: `\`${name}\` is not the same on all answers: who makes the answer writes it`, mend: 'Remove this item.' }
  }
  for (const [index, name] of config.remove.entries()) {
    if (isHopField(name)) {
      yield { path: `/remove/${index}`, message: `\`${name}\` belongs to the connection or frames the body: the gateway writes it itself`, mend: 'Remove this item.' }
    } else if (sent.has(name.toLowerCase())) {
      yield { path: `/remove/${index}`, message: `\`${name}\` is sent by this entry, too`, mend: 'Remove this item, or name the field in `without`.' }
    }
  }
  const preset = new Set(fieldsOf({ ...config, without: [], headers: [] }).map(([name]) => name.toLowerCase()))
  for (const [index, name] of config.without.entries()) {
    if (preset.has(name.toLowerCase()) || (name.toLowerCase() === HSTS.toLowerCase() && !config.hsts.enabled)) continue
    yield { path: `/without/${index}`, message: `the preset has no \`${name}\``, mend: 'Remove this item; what services send is taken away with `remove`.', severity: 'warning' }
  }
}

function * checkPolicy (policy: string): Generator<CheckFinding> {
  for (const directive of policy.split(';')) {
    const name = directive.trim().split(/\s+/)[0] ?? ''
    if (name === '' || DIRECTIVES.has(name.toLowerCase())) continue
    yield {
      path: '/content_security_policy',
      message: `\`${name}\` is no directive, so browsers ignore it`,
      mend: "Write directives such as `default-src 'self'`, with `;` between them.",
      severity: 'warning'
    }
  }
}
