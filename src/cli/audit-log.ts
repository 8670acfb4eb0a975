import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Command, InvalidArgumentError, Option } from 'commander'
import { verifyChains } from '../log-kit/verify-chains.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { UsageError, type CliIo } from './io.ts'

interface VerifyArgs {
  readonly secretEnv?: string
  readonly contains?: string | null
  readonly format: 'text' | 'json'
}

export function auditLogCommand (io: CliIo, done: Done): Command {
  const verify = new Command('verify')
    .description('Look whether all records of an audit log are there and as they were written.')
    .argument('<log>', 'file that the plugin audit-log has written')
    .option('-s, --secret-env <name>', 'variable of the environment with the secret of its hashes')
    .option('-c, --contains <hash>', 'of a record that has to be there: the last one of an earlier look', toHash)
    .addOption(new Option('-f, --format <format>', 'how it is written').choices(['text', 'json']).default('text'))
    .addHelpText('after', `
Exit code 1: records were changed or taken away. A chain without an end is one of a process that runs or was killed; that its last
records were cut off can't be told from that, nor that all later chains were taken out. Keep the hash of the last record, which is
printed, elsewhere, and give it to the next look.

Examples:
  $ sallyport audit-log verify /var/log/sallyport/audit.log --secret-env AUDIT_SECRET
  $ sallyport audit-log verify audit.log --secret-env AUDIT_SECRET --contains "$(cat last-hash)"`)
    .action(async (log: string, options: VerifyArgs) => done(await verifyAuditLog(log, options, io)))
  return new Command('audit-log')
    .description('Verify audit logs.')
    .addCommand(verify)
}

async function verifyAuditLog (log: string, { secretEnv, contains = null, format }: VerifyArgs, io: CliIo): Promise<ExitCode> {
  const secret = secretEnv === undefined ? null : io.env[secretEnv]
  if (secret === undefined || secret === '') throw new UsageError(`the variable ${secretEnv} is not set`)
  const input = createReadStream(resolve(io.cwd, log))
  // what can't be opened says so before a line is read
  await new Promise<void>((resolve, reject) => { input.once('open', () => resolve()).once('error', reject) }).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${log} can't be read: ${error.code}`)
  })
  const verdict = await verifyChains(createInterface({ input, crlfDelay: Infinity }), secret, contains)
  const { records, chains, open, lost, torn, last, faults } = verdict
  const code = faults.length === 0 ? exitCode.clean : exitCode.errors
  const { write, paint } = io.stdout
  if (format === 'json') {
    write(`${JSON.stringify({ version: 1, ok: faults.length === 0, ...verdict }, null, 2)}\n`)
    return code
  }
  for (const { line, message } of faults) write(`${log}:${line}: ${paint.error('error:')} ${message}\n`)
  write(`${counted(records, 'record')} in ${counted(chains, 'chain')}, ${open} without an end${lost === 0 ? '' : `; there was no room for ${lost} more`}${torn === 0 ? '' : `; ${torn} cut short`}: ${faults.length === 0 ? 'all as they were written' : `${counted(faults.length, 'fault')}`}\n`)
  if (last !== null) write(`${paint.faint(`last record: ${last}`)}\n`)
  return code
}

function toHash (text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError('A hash has 64 hexadecimal digits.')
  return text
}

function counted (number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
