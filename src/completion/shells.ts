/** Scripts that teach shells the words of the command line. All names are commander's and of plugins: letters, digits, hyphens. */
import type { CompletedCommand, CompletedOption, Words } from './words.ts'

export const shells = ['bash', 'zsh', 'fish'] as const

export type Shell = typeof shells[number]

export function completionScript (shell: Shell, commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case 'bash': return `# bash completion of sallyport: source <(sallyport completion bash)
_sallyport () {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=''
  # \`--format=json\` is three words here
  if [ "$previous" = '=' ]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; elif [ "$current" = '=' ]; then current=''; fi
${reader(commands, 'COMP_WORDS', 'index = 1; index < COMP_CWORD; index++')}
  COMPREPLY=()
${chooser(commands)}
  # nothing means: files, by \`-o default\`
  [ -n "$words" ] && COMPREPLY=($(compgen -W "$words" -- "$current"))
  return 0
}
complete -o default -F _sallyport sallyport
`
    case 'zsh': return `#compdef sallyport
# zsh completion of sallyport: source <(sallyport completion zsh)
_sallyport () {
  local current=\${words[CURRENT]} previous=\${words[CURRENT-1]} line=("\${words[@]}") words=''
  if [[ $current == --*=* ]]; then previous=\${current%%=*} current=\${current#*=}; compset -P '*='; fi
${reader(commands, 'line', 'index = 2; index < CURRENT; index++')}
${chooser(commands)}
  if [ -n "$words" ]; then compadd -- \${=words}; else _files; fi
}
compdef _sallyport sallyport
`
    case 'fish': return fish(commands)
  }
}

/** Finds the command and the number of arguments so far. */
function reader (commands: readonly CompletedCommand[], list: string, loop: string): string {
  const values = commands.flatMap(command => command.options.filter(({ value }) => value !== null).flatMap(({ flags }) => flags.map(flag => `'${command.path} ${flag}'`)))
  const steps = commands.flatMap(command => command.commands.map(([name]) => `      '${command.path} ${name}') command='${`${command.path} ${name}`.trim()}' ;;`))
  return `  local command='' index position=0 skip=0 word
  for ((${loop})); do
    word=\${${list}[index]}
    if [ "$word" = '=' ]; then skip=1; continue; fi
    if ((skip)); then skip=0; continue; fi
    case "$command $word" in
      ${values.join('|')}) skip=1 ;;
${steps.join('\n')}
      *' -'*) ;;
      *) position=$((position + 1)) ;;
    esac
  done`
}

/** Sets \`words\`: the value of an option, an option, or an argument. */
function chooser (commands: readonly CompletedCommand[]): string {
  const values = commands.flatMap(command => command.options.flatMap(({ flags, value }) => value === null
    ? []
    : [`    ${flags.map(flag => `'${command.path} ${flag}'`).join('|')}) words='${text(value)}' ;;`]))
  const options = commands.map(({ path, options }) => `        '${path}') words='${options.flatMap(({ flags }) => flags).join(' ')}' ;;`)
  const args = commands.flatMap(({ path, commands: next, args }) => [
    ...next.length === 0 ? [] : [`        '${path}:0') words='${next.map(([name]) => name).join(' ')}' ;;`],
    ...args.flatMap((words, index) => text(words) === '' ? [] : [`        '${path}:${index}') words='${text(words)}' ;;`])
  ])
  return `  case "$command $previous" in
${values.join('\n')}
    *)
      if [ "\${current#-}" != "$current" ]; then
        case "$command" in
${options.join('\n')}
        esac
      else
        case "$command:$position" in
${args.join('\n')}
        esac
      fi ;;
  esac`
}

function text (words: Words): string {
  return words.kind === 'words' ? words.words.join(' ') : ''
}

function fish (commands: readonly CompletedCommand[]): string {
  const lines = ['# fish completion of sallyport: sallyport completion fish | source', 'complete -c sallyport -e']
  for (const { path, commands: next, options, args } of commands) {
    const steps = path === '' ? [] : path.split(' ')
    const here = steps.length === 0 ? '__fish_use_subcommand' : steps.map(step => `__fish_seen_subcommand_from ${step}`).join('; and ')
    const open = next.length === 0 || steps.length === 0 ? here : `${here}; and not __fish_seen_subcommand_from ${next.map(([name]) => name).join(' ')}`
    for (const [name, description] of next) lines.push(`complete -c sallyport -n '${open}' -f -a '${name}' -d '${quoted(description)}'`)
    for (const option of options) lines.push(`complete -c sallyport -n '${open}' ${fishOption(option)}`)
    for (const words of args) if (words.kind === 'words') lines.push(`complete -c sallyport -n '${open}' -f -a '${text(words)}'`)
  }
  return `${lines.join('\n')}\n`
}

function fishOption ({ flags, description, value }: CompletedOption): string {
  const names = flags.map(flag => flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`).join(' ')
  const takes = value === null ? '' : value.kind === 'words' ? ` -x -a '${text(value)}'` : ' -r'
  return `${names}${takes} -d '${quoted(description)}'`
}

function quoted (description: string): string {
  return description.replace(/[\\']/g, '\\$&')
}
