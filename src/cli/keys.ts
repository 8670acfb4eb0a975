import { Command, InvalidArgumentError, Option } from 'commander'
import { createApiKey, digestApiKey, KEY_WORD } from '../auth/api-key.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { parseExpiry } from './expiry.ts'
import type { CliIo } from './io.ts'

export interface CreateKeyArgs {
  /** Username of the consumer that gets the key. */
  readonly consumer?: string | undefined
  readonly scopes?: readonly string[] | undefined
  /** When the key ends. */
  readonly expires?: Date | undefined
  /** Word in the key after `sp_`. */
  readonly prefix?: string | undefined
  readonly format: 'text' | 'json'
}

/** One item of `keyauth_credentials`, as the file takes it. */
interface CredentialItem {
  readonly hash: string
  readonly scopes?: readonly string[]
  readonly expires_at?: string
}

export function keysCommand (io: CliIo, done: Done): Command {
  const create = new Command('create')
    .description('Make an API key: print it once, and what the file keeps of it.')
    .option('-c, --consumer <username>', 'consumer that the key is for')
    .option('-s, --scopes <list>', 'what the key may be used for, separated by commas', toScopes)
    .option('-e, --expires <when>', 'end of the key: 90d, 12h, 52w, a date or a time of RFC 3339', (text: string) => toExpiry(text, Date.now()))
    .option('-p, --prefix <word>', 'lower-case word in the key after sp_, such as live or test', toWord)
    .addOption(new Option('-f, --format <format>', 'how it is written').choices(['text', 'json']).default('text'))
    .addHelpText('after', `
The key is printed to standard output and kept nowhere. The file needs only its SHA-256, which is no secret. To replace a
key, add the new one beside the old, and remove the old one when nobody uses it any more.

Examples:
  $ sallyport keys create --consumer acme
  $ sallyport keys create --consumer acme --scopes orders:read,orders:write --expires 90d
  $ sallyport keys create --prefix test --expires 2027-01-31 --format json`)
    .action((options: CreateKeyArgs) => done(createKey(options, io)))
  return new Command('keys')
    .description('Make API keys.')
    .addCommand(create)
}

/** Makes a key and prints it, with the YAML that lets it in. */
export function createKey ({ consumer, scopes, expires, prefix, format }: CreateKeyArgs, io: CliIo): ExitCode {
  const key = createApiKey(prefix)
  const credential: CredentialItem = {
    hash: digestApiKey(key),
    ...(scopes === undefined ? {} : { scopes }),
    ...(expires === undefined ? {} : { expires_at: expires.toISOString().replace('.000Z', 'Z') })
  }
  const { write, paint } = io.stdout
  if (format === 'json') {
    write(`${JSON.stringify({ version: 1, key, consumer: consumer ?? null, credential }, null, 2)}\n`)
    return exitCode.clean
  }
  write(`The key, shown this once. Give it to its owner; the gateway keeps its hash alone.

  ${paint.strong(key)}

${consumer === undefined ? 'For keyauth_credentials of a consumer in gateway.yaml:' : 'For gateway.yaml. Where it has `consumers:`, the item below goes there; where it has this consumer, the hash goes to its keyauth_credentials:'}

${toYaml(consumer, credential)}`)
  return exitCode.clean
}

/** Text in double quotes is a JSON string, which YAML reads as well. */
function toYaml (consumer: string | undefined, { hash, scopes, expires_at: end }: CredentialItem): string {
  const item = [
    `hash: ${hash}`,
    ...(scopes === undefined ? [] : [`scopes: ${JSON.stringify(scopes)}`]),
    ...(end === undefined ? [] : [`expires_at: "${end}"`])
  ].map((line, index) => `${index === 0 ? '- ' : '  '}${line}\n`)
  if (consumer === undefined) return item.join('')
  return `consumers:\n  - username: ${JSON.stringify(consumer)}\n    keyauth_credentials:\n${item.map(line => `      ${line}`).join('')}`
}

function toScopes (text: string): string[] {
  const scopes = text.split(',').map(scope => scope.trim())
  if (scopes.some(scope => scope === '' || /\s/.test(scope))) throw new InvalidArgumentError('Write names separated by commas.')
  return scopes
}

function toExpiry (text: string, now: number): Date {
  const end = parseExpiry(text, now)
  if (end === null) throw new InvalidArgumentError('Write a number with h, d or w, such as 90d, or a date such as 2027-01-31.')
  if (end.getTime() <= now) throw new InvalidArgumentError('The key would have ended already.')
  return end
}

function toWord (text: string): string {
  if (!KEY_WORD.test(text)) throw new InvalidArgumentError('Write 1 to 16 lower-case letters and digits.')
  return text
}
