import { type CheckFinding, checkClientKey, isHopField, urlProblem } from '../../src/plugin.ts'
import type { Config } from './options.ts'

/** What the schema can't say about an entry. */
export function * checkConfig (config: Config): Generator<CheckFinding> {
  yield * checkAddresses(config)
  if (config.authorization_value === undefined) yield * checkClient(config)
  else yield * checkAuthorization(config)
  yield * checkFields(config)
}

function * checkAddresses (config: Config): Generator<CheckFinding> {
  for (const name of ['introspection_url', 'issuer'] as const) {
    const value = config[name]
    const problem = value === undefined ? null : urlProblem(value, config.allow_insecure)
    if (problem !== null) yield { path: `/${name}`, message: `\`${name}\` ${problem}`, mend: 'Write an https:// address.' }
  }
  if (config.allow_insecure) {
    yield {
      path: '/allow_insecure',
      message: 'tokens travel unencrypted to the provider, and whoever answers in its place lets anybody in',
      mend: 'Use https, and NODE_EXTRA_CA_CERTS for an authority of your own.',
      severity: 'warning'
    }
  }
}

/** Options that belong to a client of the provider. */
const CLIENT = ['client_id', 'client_secret', 'client_private_key', 'client_key_id'] as const

function * checkAuthorization (config: Config): Generator<CheckFinding> {
  for (const name of CLIENT) {
    if (config[name] !== undefined) yield { path: `/${name}`, message: `\`authorization_value\` and \`${name}\` are two ways to say who asks`, mend: 'Keep one of them.' }
  }
}

function * checkClient (config: Config): Generator<CheckFinding> {
  const byKey = config.client_auth === 'private_key_jwt'
  const [needed, other] = byKey ? ['client_private_key', 'client_secret'] as const : ['client_secret', 'client_private_key'] as const
  if (config[needed] === undefined) yield { path: '/client_auth', message: `\`${config.client_auth}\` needs \`${needed}\``, mend: `Add \`${needed}\`.` }
  if (config[other] !== undefined) yield { path: `/${other}`, message: `\`${other}\` is of no use with \`${config.client_auth}\``, mend: 'Remove it, or choose another `client_auth`.' }
  if (!byKey && config.client_key_id !== undefined) yield { path: '/client_key_id', message: `\`client_key_id\` is of no use with \`${config.client_auth}\``, mend: 'Remove it.' }
  if (byKey && config.client_private_key !== undefined) {
    const problem = checkClientKey(config.client_private_key)
    if (problem !== null) yield { path: '/client_private_key', message: `\`client_private_key\` can't sign: ${problem}`, mend: 'Write the private key in PEM form.' }
  }
}

function * checkFields (config: Config): Generator<CheckFinding> {
  for (const name of Object.keys(config.claims_to_headers)) {
    if (isHopField(name) || name.toLowerCase() === 'host') {
      yield { path: `/claims_to_headers/${name}`, message: `\`${name}\` has a meaning of its own, which a claim would break`, mend: 'Choose another name.' }
    }
  }
  for (const name of Object.keys(config.custom_introspection_headers)) {
    if (isHopField(name) || ['host', 'content-type', 'accept', 'authorization'].includes(name.toLowerCase())) {
      yield { path: `/custom_introspection_headers/${name}`, message: `\`${name}\` is written by the gateway`, mend: name.toLowerCase() === 'authorization' ? 'Use `authorization_value`.' : 'Choose another name.' }
    }
  }
  if (config.ttl > 300) {
    yield { path: '/ttl', message: 'a token that is revoked stays good for so long', mend: 'Keep `ttl` to a few minutes at most.', severity: 'warning' }
  }
}
