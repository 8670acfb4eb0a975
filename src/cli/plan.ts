import { Command, Option } from 'commander'
import { hasErrors } from '../config/diagnostics.ts'
import type { Config } from '../config/model.ts'
import { risks, type Risk } from '../plan/change.ts'
import { makePlan, reaches } from '../plan/plan.ts'
import { jsonReport } from '../plan/report/json.ts'
import { markdownReport } from '../plan/report/markdown.ts'
import { textReport as planText } from '../plan/report/text.ts'
import type { SideInput } from '../plan/side.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { load, type Loaded } from './file.ts'
import { UsageError, type CliIo } from './io.ts'
import { textReport } from './report/text.ts'

const FORMATS = ['text', 'json', 'markdown'] as const

export interface PlanArgs {
  readonly old: string
  readonly next: string
  readonly format: typeof FORMATS[number]
  /** Exit with 2 only for changes as harmful as this. */
  readonly failOn: Risk
}

export function planCommand (io: CliIo, done: Done): Command {
  return new Command('plan')
    .description('Say what a change of the configuration means: who gains, who loses, which requests go elsewhere.')
    .argument('<OLD>', 'the configuration before; - reads standard input')
    .argument('<NEW>', 'the configuration after; - reads standard input')
    .addOption(new Option('-f, --format <format>', 'how it is written; markdown is for pull requests').choices(FORMATS).default('text'))
    .addOption(new Option('--fail-on <risk>', 'exit with 2 only for changes of this risk, or a higher one').choices(risks).default('low'))
    .addHelpText('after', `
Plugins are compared as they run on each route, wherever their entries stand; requests as the router sends them. Comments,
order and layout are no changes. Secrets are compared, and never shown.

Exit codes: 0 no changes (of that risk), 1 a file has errors, 2 changes, 3 wrong usage.

Examples:
  $ sallyport plan deployed.yaml gateway.yaml
  $ git show main:gateway.yaml | sallyport plan - gateway.yaml
  $ git show main:gateway.yaml | sallyport plan --format markdown --fail-on high - gateway.yaml`)
    .action(async (old: string, next: string, options: Pick<PlanArgs, 'format' | 'failOn'>) => done(await plan({ old, next, ...options }, io)))
}

/** Compares two files. */
export async function plan ({ old, next, format, failOn }: PlanArgs, io: CliIo): Promise<ExitCode> {
  if (old === '-' && next === '-') throw new UsageError('Only one of the two can be standard input.')
  const before = await load(old, io, { errorsOnly: true })
  const after = await load(next, io, { errorsOnly: true })
  const broken = [before, after].filter(({ diagnostics }) => hasErrors(diagnostics))
  for (const { diagnostics, source } of broken) io.stderr.write(textReport(diagnostics.filter(({ severity }) => severity === 'error'), source.text, io.stderr.paint))
  if (broken.length > 0) return exitCode.errors
  const result = makePlan(toSide(before), toSide(after))
  switch (format) {
    case 'json': io.stdout.write(jsonReport(result)); break
    case 'markdown': io.stdout.write(markdownReport(result)); break
    case 'text': io.stdout.write(planText(result, io.stdout.paint))
  }
  return reaches(result, failOn) ? exitCode.warnings : exitCode.clean
}

function toSide ({ config, source, plugins, shown }: Loaded): SideInput {
  return { config: config as Config, source, plugins, shown }
}
