import { askedUpstream, AUTHENTICATION, DEFAULTS, originsOf, pemProblem, problems, type Answers, type Given } from './answers.ts'

/** The questions of @inquirer/prompts that are asked here. */
export interface Prompts {
  input (question: { message: string, default?: string, validate?: (text: string) => string | true }): Promise<string>
  select<Value> (question: { message: string, choices: ReadonlyArray<{ name: string, value: Value }>, default?: Value }): Promise<Value>
}

const NAMES: Readonly<Record<Answers['auth'], string>> = {
  'key-auth': 'who has an API key (one is made now)',
  jwt: 'who has a token of an identity provider (JWT)',
  'basic-auth': 'who has a user name and a password',
  none: 'everybody'
}

/** Asks for what no flag has said. @param directory where names of files start */
export async function ask (prompts: Prompts, given: Given, directory: string): Promise<Answers> {
  const text = async (message: string, otherwise: string, problem: (text: string) => string | null, optional = false): Promise<string> =>
    (await prompts.input({ message, ...(otherwise === '' ? {} : { default: otherwise }), validate: text => (optional && text.trim() === '') || (problem(text.trim()) ?? true) })).trim()
  const upstream = given.upstream ?? await text('Where is your service?', DEFAULTS.upstream, askedUpstream)
  const path = given.path ?? await text('Which paths are for it? Requests that begin with', DEFAULTS.path, problems.path)
  const auth = given.auth ?? await prompts.select({ message: 'Who may call?', choices: AUTHENTICATION.map(value => ({ name: NAMES[value], value })), default: DEFAULTS.auth })
  const issuer = auth !== 'jwt' ? null : given.issuer ?? await text('Who issues the tokens?', '', problems.issuer)
  const audience = auth !== 'jwt' ? null : given.audience ?? (await text('Which audience do they name? (empty: any)', '', () => null, true) || null)
  const limit = given.limit ?? Number(await text('How many requests may one caller make in a minute? (0: any number)', String(DEFAULTS.limit), problems.limit))
  const origins = given.origins ?? originsOf(await text('Which web pages call from browsers? (their origins, with commas; empty: none)', '', problems.origins, true))
  if (given.tls !== undefined) return { upstream, path, auth, issuer, audience, limit, origins, tls: given.tls }
  const cert = await text('Which file has the TLS certificate? (empty: plain http)', '', answer => pemProblem(answer, directory, 'CERTIFICATE'), true)
  const key = cert === '' ? '' : await text('Which file has its private key?', '', answer => answer === '' ? 'Write the name of a file.' : pemProblem(answer, directory, 'PRIVATE KEY'))
  return { upstream, path, auth, issuer, audience, limit, origins, tls: cert === '' ? null : { cert, key } }
}
