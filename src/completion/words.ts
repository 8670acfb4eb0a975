/** What can stand where on the command line, as commander's own objects say it. */
import type { Argument, Command, Option } from 'commander'

/** What a shell can offer for a word. */
export type Words = { readonly kind: 'words', readonly words: readonly string[] } | { readonly kind: 'files' } | { readonly kind: 'nothing' }

export interface CompletedOption {
  /** `-f`, `--format`. */
  readonly flags: readonly string[]
  readonly description: string
  /** What follows it; null for a switch. */
  readonly value: Words | null
}

export interface CompletedCommand {
  /** `keys create`; '' for the program itself. */
  readonly path: string
  readonly description: string
  /** Names of what comes next, each with its description. */
  readonly commands: ReadonlyArray<readonly [name: string, description: string]>
  readonly options: readonly CompletedOption[]
  readonly args: readonly Words[]
}

/** Of arguments called METHOD; any token is one, and these are what is meant. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Arguments that name no file, by their names in the help. */
const NO_FILES = new Set(['URL'])

/** @param plugins names for arguments called PLUGIN */
export function completedCommands (program: Command, plugins: readonly string[]): CompletedCommand[] {
  const found: CompletedCommand[] = []
  const visit = (command: Command, path: string): void => {
    const commands = command.commands.map((each): [string, string] => [each.name(), each.description()])
    found.push({
      path,
      description: command.description(),
      // commander's own, of the program alone
      commands: path === '' ? [...commands, ['help', 'explain a command']] : commands,
      options: command.createHelp().visibleOptions(command).map(completedOption),
      args: command.registeredArguments.map(argument => argumentWords(argument, plugins))
    })
    for (const each of command.commands) visit(each, path === '' ? each.name() : `${path} ${each.name()}`)
  }
  visit(program, '')
  found.push({ path: 'help', description: 'explain a command', commands: [], options: [], args: [{ kind: 'words', words: program.commands.map(command => command.name()) }] })
  return found
}

function completedOption ({ short, long, description, argChoices, required, optional }: Option): CompletedOption {
  return {
    flags: [short, long].filter(flag => flag != null),
    description,
    value: !required && !optional ? null : argChoices === undefined ? { kind: 'files' } : { kind: 'words', words: argChoices }
  }
}

function argumentWords (argument: Argument, plugins: readonly string[]): Words {
  if (argument.argChoices !== undefined) return { kind: 'words', words: argument.argChoices }
  if (argument.name() === 'PLUGIN') return { kind: 'words', words: plugins }
  if (argument.name() === 'METHOD') return { kind: 'words', words: METHODS }
  return NO_FILES.has(argument.name()) ? { kind: 'nothing' } : { kind: 'files' }
}
