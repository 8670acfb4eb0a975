import { type CheckFinding, checkClientKey, isHopField, urlProblem } from '../../src/plugin.ts'
import { type Config, upstreamFields } from './judge.ts'

/** What the schema can't say about an entry. */
export function * checkConfig (config: Config): Generator<CheckFinding> {
  yield * checkAddresses(config)
  if (config.auth_methods.includes('introspection')) yield * checkClient(config)
  else yield * checkUnused(config)
  yield * checkPlaces(config)
  yield * checkFields(config)
  if (config.auth_methods.includes('bearer') && config.audience_required.length === 0) {
    yield {
      path: '',
      message: 'every token of this issuer is good here, also those for other APIs',
      mend: 'Add `audience_required`.',
      severity: 'warning'
    }
  }
}

function * checkAddresses (config: Config): Generator<CheckFinding> {
  for (const name of ['issuer', 'jwks_endpoint', 'introspection_endpoint'] as const) {
    const value = config[name]
    const problem = value === undefined ? null : urlProblem(value, config.allow_insecure)
    if (problem !== null) yield { path: `/${name}`, message: `\`${name}\` ${problem}`, mend: 'Write an https:// address.' }
  }
  if (config.allow_insecure) {
    yield {
      path: '/allow_insecure',
      message: 'whoever sits between the gateway and the provider can make up keys, and with them tokens',
      mend: 'Use https, and NODE_EXTRA_CA_CERTS for an authority of your own.',
      severity: 'warning'
    }
  }
}

function * checkClient (config: Config): Generator<CheckFinding> {
  if (config.client_id === undefined) {
    yield { path: '', message: 'nothing says who asks the provider about tokens', mend: 'Add `client_id` with its secret or key.' }
    return
  }
  const method = config.introspection_endpoint_auth_method
  const byKey = method === 'private_key_jwt'
  const [needed, other] = byKey ? ['client_private_key', 'client_secret'] as const : ['client_secret', 'client_private_key'] as const
  if (config[needed] === undefined) yield { path: '/client_id', message: `\`${method}\` needs \`${needed}\``, mend: `Add \`${needed}\`.` }
  if (config[other] !== undefined) yield { path: `/${other}`, message: `\`${other}\` is of no use with \`${method}\``, mend: 'Remove it, or choose another `introspection_endpoint_auth_method`.' }
  if (byKey && config.client_private_key !== undefined) {
    const problem = checkClientKey(config.client_private_key)
    if (problem !== null) yield { path: '/client_private_key', message: `\`client_private_key\` can't sign: ${problem}`, mend: 'Write the private key in PEM form.' }
  }
}

/** A secret that nobody uses is one that nobody rotates. */
function * checkUnused (config: Config): Generator<CheckFinding> {
  for (const name of ['client_secret', 'client_private_key', 'introspection_endpoint'] as const) {
    if (config[name] !== undefined) yield { path: `/${name}`, message: `\`${name}\` is for introspection, which is not among \`auth_methods\``, mend: 'Remove it, or add `introspection`.' }
  }
  if (config.introspect_jwt_tokens) yield { path: '/introspect_jwt_tokens', message: '`introspection` is not among `auth_methods`', mend: 'Add it, with `client_id` and what belongs to it.' }
}

function * checkPlaces (config: Config): Generator<CheckFinding> {
  const cookie = config.bearer_token_param_type.includes('cookie')
  if (cookie && config.bearer_token_cookie_name === undefined) yield { path: '/bearer_token_param_type', message: 'nothing says which cookie', mend: 'Add `bearer_token_cookie_name`.' }
  if (!cookie && config.bearer_token_cookie_name !== undefined) yield { path: '/bearer_token_cookie_name', message: '`cookie` is not among `bearer_token_param_type`', mend: 'Add it there.' }
}

function * checkFields (config: Config): Generator<CheckFinding> {
  const { upstream_headers_claims: claims, upstream_headers_names: names } = config
  if (claims.length !== names.length) {
    yield { path: '/upstream_headers_names', message: `${names.length} names for ${claims.length} claims`, mend: 'Write one for each, or use `upstream_headers`.' }
    return
  }
  for (const name of Object.keys(upstreamFields(config))) {
    if (isHopField(name) || name.toLowerCase() === 'host') {
      yield { path: names.includes(name) ? '/upstream_headers_names' : '/upstream_headers', message: `\`${name}\` has a meaning of its own, which a claim would break`, mend: 'Choose another name.' }
    }
  }
}
