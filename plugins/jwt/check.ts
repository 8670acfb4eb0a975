import {
  BadKey, type CheckContext, type CheckFinding, createLocalKeys, isHopField, type JsonFile, JsonFileError, type JwtAlgorithm, keyFits, LocalKeysError, parseRevoked, readJsonFile, readPublicKey, readSecret, RevokedError, urlProblem
} from '../../src/plugin.ts'
import { type Config, KEY_OPTIONS, type KeyOptions, usesConsumerKeys } from './trust.ts'

/** What the schema can't say about an entry. */
export function * checkConfig (config: Config, context?: CheckContext): Generator<CheckFinding> {
  if (usesConsumerKeys(config)) yield * checkConsumerKeys(config)
  else yield * checkIssuers(config)
  yield * checkPlaces(config)
  yield * checkRevocation(config)
  if (context !== undefined) yield * checkFiles(config, context)
  for (const name of Object.keys(config.claims_to_headers)) {
    if (isHopField(name) || name.toLowerCase() === 'host') {
      yield { path: `/claims_to_headers/${name}`, message: `\`${name}\` has a meaning of its own, which a claim would break`, mend: 'Choose another name.' }
    }
  }
}

/** What the named files hold. */
function * checkFiles (config: Config, { directory, reads }: CheckContext): Generator<CheckFinding> {
  const places = [{ path: '/jwks_file', file: config.jwks_file }, ...(config.issuers ?? []).map((one, index) => ({ path: `/issuers/${index}/jwks_file`, file: one.jwks_file }))]
  for (const { path, file } of places) if (file !== undefined) yield * checkFile(path, directory, file, keySetProblem, reads)
  const file = config.revocation?.file
  if (file !== undefined) yield * checkFile('/revocation/file', directory, file, revocationProblem)
}

function * checkFile (path: string, directory: string, name: string, problemOf: (file: JsonFile) => FileProblem | null, reads?: CheckContext['reads']): Generator<CheckFinding> {
  const mend = 'Correct the file, or name another one; relative names start at gateway.yaml.'
  try {
    const file = readJsonFile(directory, name, reads)
    const problem = problemOf(file)
    if (problem !== null) yield { path, message: `${name}:${file.lineOf(problem.path)}: ${problem.message}`, mend }
  } catch (error) {
    if (!(error instanceof JsonFileError)) throw error
    yield { path, message: error.message, mend }
  }
}

interface FileProblem {
  readonly message: string
  /** Steps in the file. */
  readonly path: ReadonlyArray<string | number>
}

function keySetProblem ({ value }: JsonFile): FileProblem | null {
  try {
    createLocalKeys(value).close()
    return null
  } catch (error) {
    if (!(error instanceof LocalKeysError)) throw error
    const [first] = error.problems
    return { message: error.message, path: first === undefined ? [] : ['keys', first.index] }
  }
}

function revocationProblem ({ text }: JsonFile): FileProblem | null {
  try {
    parseRevoked(text)
    return null
  } catch (error) {
    if (!(error instanceof RevokedError)) throw error
    return error
  }
}

function * checkConsumerKeys (config: Config): Generator<CheckFinding> {
  if (config.consumer_claim !== undefined) {
    yield { path: '/consumer_claim', message: 'the keys are those of `jwt_secrets`, and each of these has its consumer', mend: 'Remove `consumer_claim`, or name the issuer whose tokens these are.' }
  }
}

function * checkIssuers (config: Config): Generator<CheckFinding> {
  if (config.key_claim_name !== 'iss') {
    yield { path: '/key_claim_name', message: '`key_claim_name` finds a credential of `jwt_secrets`, and the keys come from elsewhere here', mend: 'Remove `key_claim_name`, or the options that name issuer and keys.' }
  }
  if (config.issuers === undefined) {
    yield * checkKeys(config, '', config)
    return
  }
  for (const name of ['issuer', ...KEY_OPTIONS] as const) {
    if (config[name] !== undefined) yield { path: `/${name}`, message: `\`${name}\` and \`issuers\` both say whose tokens are accepted`, mend: `Move \`${name}\` into an item of \`issuers\`.` }
  }
  const seen = new Set<string>()
  for (const [index, one] of config.issuers.entries()) {
    if (seen.has(one.issuer)) yield { path: `/issuers/${index}/issuer`, message: 'this issuer is there twice', mend: 'Keep one item; a key set may hold several keys.' }
    seen.add(one.issuer)
    yield * checkKeys(one, `/issuers/${index}`, config)
  }
}

function * checkKeys (options: KeyOptions, path: string, config: Config): Generator<CheckFinding> {
  const named = KEY_OPTIONS.filter(name => options[name] !== undefined)
  for (const name of named.slice(1)) {
    yield { path: `${path}/${name}`, message: `\`${named[0]}\` and \`${name}\` both say where the keys are`, mend: 'Keep one of them; a key set may hold several keys.' }
  }
  yield * checkAddress(options, path, config)
  yield * checkMaterial(options, path, config)
  const symmetric = named[0] === 'secret'
  if (!symmetric && named[0] !== 'jwks_file') yield * checkAlgorithms(options, path, config, algorithm => !algorithm.startsWith('HS'), 'a public key verifies no HS256, HS384 or HS512: whoever has it could make tokens')
  if (symmetric) yield * checkAlgorithms(options, path, config, algorithm => algorithm.startsWith('HS'), 'a secret verifies HS256, HS384 and HS512 alone')
}

function * checkAlgorithms (options: KeyOptions, path: string, config: Config, fits: (algorithm: string) => boolean, message: string): Generator<CheckFinding> {
  const [list, at] = options.algorithms === undefined ? [config.algorithms, ''] : [options.algorithms, path]
  for (const [index, algorithm] of (list ?? []).entries()) {
    if (!fits(algorithm)) yield { path: `${at}/algorithms/${index}`, message, mend: `Remove ${algorithm}.` }
  }
}

function * checkAddress (options: KeyOptions, path: string, config: Config): Generator<CheckFinding> {
  const local = KEY_OPTIONS.some(name => name !== 'jwks_uri' && options[name] !== undefined)
  if (local) return
  const name = options.jwks_uri === undefined ? 'issuer' : 'jwks_uri'
  const address = options[name] as string
  const problem = urlProblem(address, config.allow_insecure)
  if (problem !== null) {
    yield { path: `${path}/${name}`, message: `keys can't be fetched from here: the address ${problem}`, mend: name === 'issuer' ? 'Write the issuer\'s https address, or name its keys (`jwks_uri`, `jwks`, `jwks_file`, `public_key` or `secret`).' : 'Write an https address.' }
  } else if (address.startsWith('http:')) {
    yield { path: `${path}/${name}`, message: 'keys are fetched over plain http: whoever sits in between can make up tokens', mend: 'Use https; `allow_insecure` is for trials.', severity: 'warning' }
  }
  if (options.issuer === undefined) {
    yield { path: `${path}/jwks_uri`, message: 'without `issuer`, tokens of every issuer that uses this key set are accepted', mend: 'Add `issuer`.', severity: 'warning' }
  }
}

function * checkMaterial ({ jwks, public_key: pem, secret, ...options }: KeyOptions, path: string, config: Config): Generator<CheckFinding> {
  const algorithms = options.algorithms ?? config.algorithms ?? []
  if (jwks !== undefined) {
    const shared = jwks.keys.findIndex(key => key['kty'] === 'oct')
    if (shared !== -1) yield { path: `${path}/jwks/keys/${shared}`, message: 'this is a shared secret, which stands here for all who can read the file', mend: 'Use `secret` with a reference, or `jwks_file`.' }
    else {
      const problem = problemOf(() => createLocalKeys(jwks), LocalKeysError)
      if (problem !== null) yield { path: `${path}/jwks`, message: problem, mend: 'Write a key set with public keys that verify signatures.' }
    }
  }
  if (pem !== undefined) {
    const problem = problemOf(() => readPublicKey(pem), BadKey)
    if (problem === null) yield * checkFit(pem, algorithms, path)
    else yield { path: `${path}/public_key`, message: `\`public_key\` ${problem}`, mend: 'Write the public key as PEM, or refer to a variable that holds it.' }
  }
  if (secret !== undefined) {
    const bytes = readSecret(secret, config.secret_is_base64).symmetricKeySize ?? 0
    const wanted = Math.max(256, ...algorithms.map(algorithm => Number(algorithm.slice(2)) || 0)) / 8
    if (bytes === 0) yield { path: `${path}/secret`, message: 'the secret is empty', mend: 'Write a secret of 32 random bytes or more.' }
    else if (bytes < wanted) {
      yield { path: `${path}/secret`, message: `the secret has ${bytes} bytes, and ${wanted} are the least (RFC 7518 section 3.2): shorter ones can be guessed from one token`, mend: `Make a random one: \`openssl rand -base64 ${wanted}\`.`, severity: 'warning' }
    }
  }
}

/** A key of another kind than the list demands would refuse every token. */
function * checkFit (pem: string, algorithms: readonly JwtAlgorithm[], path: string): Generator<CheckFinding> {
  const key = readPublicKey(pem)
  if (algorithms.length > 0 && !algorithms.some(algorithm => keyFits(algorithm, key))) {
    yield { path: `${path}/public_key`, message: `\`public_key\` is no key for ${algorithms.join(', ')}`, mend: 'Correct `algorithms`, or the key.' }
  }
}

function problemOf (read: () => unknown, expected: new (...args: never[]) => Error): string | null {
  try {
    read()
    return null
  } catch (error) {
    if (error instanceof expected) return error.message
    throw error
  }
}

function * checkPlaces ({ header_names: headers, cookie_names: cookies, uri_param_names: parameters }: Config): Generator<CheckFinding> {
  if (headers.length + cookies.length + parameters.length === 0) {
    yield { path: '/header_names', message: 'there is no place left where a token could be', mend: 'Add `authorization`.' }
  }
}

function * checkRevocation ({ revocation }: Config): Generator<CheckFinding> {
  if (revocation === undefined) return
  if (revocation.file === undefined && revocation.redis_url === undefined) {
    yield { path: '/revocation', message: 'it doesn\'t say where revocations are', mend: 'Add `file` or `redis_url`.' }
  } else if (revocation.file !== undefined && revocation.redis_url !== undefined) {
    yield { path: '/revocation/redis_url', message: '`file` and `redis_url` are two places', mend: 'Keep one of them.' }
  }
}
