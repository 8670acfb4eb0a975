import { Argument, Command } from 'commander'
import { completionScript, shells, type Shell } from '../completion/shells.ts'
import { completedCommands } from '../completion/words.ts'
import { loadPlugins } from '../plugins.ts'
import { type Done, exitCode } from './exit-code.ts'
import type { CliIo } from './io.ts'

export function completionCommand (io: CliIo, done: Done): Command {
  return new Command('completion')
    .description('Print what makes a shell complete commands, options, their values and names of plugins.')
    .addArgument(new Argument('<SHELL>', 'the shell').choices(shells))
    .addHelpText('after', `
Examples:
  $ source <(sallyport completion bash)
  $ source <(sallyport completion zsh)
  $ sallyport completion fish | source`)
    .action(async (shell: Shell, _options: unknown, command: Command) => {
      const { registry } = await loadPlugins([], io.cwd)
      io.stdout.write(completionScript(shell, completedCommands(command.parent ?? command, [...registry.keys()].sort())))
      done(exitCode.clean)
    })
}
