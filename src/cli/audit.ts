import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { audit } from '../audit/audit.ts'
import { BaselineError, readBaseline, writeBaseline, type Baseline } from '../audit/baseline.ts'
import { atLeast, SEVERITIES, type AuditSeverity } from '../audit/rule.ts'
import { version } from '../version.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { load } from './file.ts'
import { UsageError, type CliIo } from './io.ts'
import { auditGithub, auditJson, auditMarkdown, auditSarif, auditText, type AuditReport } from './report/audit.ts'
import { textReport } from './report/text.ts'

const FORMATS = ['text', 'json', 'sarif', 'github', 'markdown'] as const

export interface AuditArgs {
  readonly file?: string | undefined
  readonly format: typeof FORMATS[number]
  /** Least severe that is shown. */
  readonly severity: AuditSeverity
  /** Least severe for which the exit code is 2. */
  readonly failOn: AuditSeverity | 'never'
  readonly baseline?: string
  readonly writeBaseline: boolean
}

export function auditCommand (io: CliIo, done: Done): Command {
  return new Command('audit')
    .description('Find values that weaken security or reliability in a configuration that can run.')
    .argument('[FILE]', 'the configuration; - reads standard input')
    .addOption(new Option('-f, --format <format>', 'how findings are written').choices(FORMATS).default('text'))
    .addOption(new Option('-s, --severity <severity>', 'show what is at least that severe').choices(SEVERITIES).default('info'))
    .addOption(new Option('--fail-on <severity>', 'exit with 2 for what is at least that severe').choices([...SEVERITIES, 'never']).default('high'))
    .option('-b, --baseline <file>', 'leave out what this file lists')
    .option('--write-baseline', 'list all that is found in the file of --baseline', false)
    .addHelpText('after', `
Looks at what the plugins on each route come to, not at whether a name stands somewhere. Uses no network. A finding that is accepted
goes into gateway.audit.ignore, with a reason and a last day. docs/audit.md tells how, docs/audit-rules.md has the rules.

Exit code 1: the file has errors, as check tells them. 2: there are findings at or above --fail-on.

Examples:
  $ sallyport audit
  $ sallyport audit --severity medium --fail-on medium gateway.yaml
  $ sallyport audit --format markdown >> "$GITHUB_STEP_SUMMARY"
  $ sallyport audit --baseline audit.json --write-baseline
  $ sallyport audit --baseline audit.json`)
    .action(async (file: string | undefined, options: Omit<AuditArgs, 'file'>) => done(await auditFile({ file, ...options }, io)))
}

async function auditFile (args: AuditArgs, io: CliIo): Promise<ExitCode> {
  if (args.writeBaseline && args.baseline === undefined) throw new UsageError('--write-baseline needs --baseline: it names the file.')
  const baseline = args.baseline === undefined || args.writeBaseline ? undefined : await baselineOf(args.baseline, io)
  const { config, diagnostics, source, plugins, shown } = await load(args.file, io)
  if (config === null) {
    // whatever the form: what can't run can't be audited, and check tells why in all of them
    io.stderr.write(textReport(diagnostics.filter(({ severity }) => severity === 'error'), source.text, io.stderr.paint))
    return exitCode.errors
  }
  const result = audit({ config, diagnostics, source, plugins }, { now: Date.now(), file: shown, ...baseline === undefined ? {} : { baseline } })
  if (args.writeBaseline) return save(args.baseline as string, writeBaseline(result.spots), result.spots.length, io)
  const findings = result.findings.filter(({ severity }) => atLeast(severity, args.severity))
  io.stdout.write(rendered({ file: shown, findings, audit: result }, args.format, source.text, io))
  // what isn't shown counts all the same
  const { failOn } = args
  return failOn !== 'never' && result.findings.some(({ severity }) => atLeast(severity, failOn)) ? exitCode.warnings : exitCode.clean
}

function rendered (report: AuditReport, format: AuditArgs['format'], text: string, io: CliIo): string {
  switch (format) {
    case 'json': return auditJson(report)
    case 'sarif': return auditSarif(report, version)
    case 'github': return auditGithub(report)
    case 'markdown': return auditMarkdown(report)
    case 'text': return auditText(report, text, io.stdout.paint)
  }
}

/** @throws {UsageError} for a file that can't be read, or is no baseline */
async function baselineOf (name: string, io: CliIo): Promise<Baseline> {
  try {
    return readBaseline(await readFile(resolve(io.cwd, name), 'utf8'))
  } catch (error) {
    if (error instanceof BaselineError) throw new UsageError(`${name}: ${error.message}.`)
    throw new UsageError(`${name} can't be read (${(error as NodeJS.ErrnoException).code}); --write-baseline makes it.`)
  }
}

async function save (name: string, text: string, count: number, io: CliIo): Promise<ExitCode> {
  try {
    await writeFile(resolve(io.cwd, name), text)
  } catch (error) {
    throw new UsageError(`${name} can't be written (${(error as NodeJS.ErrnoException).code}).`)
  }
  io.stderr.write(`${io.stderr.paint.good('ok:')} ${name} holds ${count} ${count === 1 ? 'place' : 'places'}.\n`)
  return exitCode.clean
}
