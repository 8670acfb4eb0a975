import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { runCli } from '../helpers/cli.ts'

/** Command lines, and what is offered for their last word, some of it. */
const CASES: ReadonlyArray<readonly [line: string, offered: readonly string[], not: readonly string[]]> = [
  ['sallyport ch', ['check'], ['start']],
  ['sallyport check --for', ['--format'], ['--strict']],
  ['sallyport check --format s', ['sarif'], ['json']],
  ['sallyport check -f g', ['github'], ['text']],
  ['sallyport schema rate-l', ['rate-limiting'], ['jwt']],
  ['sallyport keys c', ['create'], ['check']],
  ['sallyport keys create --sc', ['--scopes'], ['--format']],
  ['sallyport plan --fail-on high --format m', ['markdown'], ['high']],
  ['sallyport check --format=s', ['sarif'], ['json']],
  ['sallyport check --format=text --st', ['--strict'], ['--format']],
  ['sallyport plan --fail-on=high a.yaml b.yaml --fo', ['--format'], ['--fail-on']],
  ['sallyport explain P', ['POST', 'PUT'], ['GET']],
  ['sallyport explain --ip=::1 P', ['POST'], ['GET']],
  ['sallyport completion z', ['zsh'], ['bash']]
]

async function script (shell: string): Promise<string> {
  const { stdout, code } = await runCli(['completion', shell])
  t.equal(code, 0)
  return stdout
}

function has (program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}

t.test('bash completes', async t => {
  const cwd = t.testdir({ script: await script('bash') })
  const lines = CASES.map(([line]) => `COMP_WORDS=(${line.replaceAll('=', ' = ')}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _sallyport; echo "\${COMPREPLY[*]}"`)
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `set -u; source ./script\n${lines.join('\n')}\nCOMP_WORDS=(sallyport check gate); COMP_CWORD=2; _sallyport; echo "files: \${#COMPREPLY[@]}"; complete -p sallyport`], { cwd, encoding: 'utf8' })
  t.equal(stderr, '')
  const answers = stdout.split('\n')
  CASES.forEach(([line, offered, not], index) => judge(line, (answers[index] ?? '').split(' '), offered, not))
  t.same(answers.slice(CASES.length, -1), ['files: 0', 'complete -o default -F _sallyport sallyport'])
})

t.test('zsh completes', { skip: has('zsh') ? false : 'no zsh' }, async t => {
  const cwd = t.testdir({ script: await script('zsh') })
  const lines = CASES.map(([line]) => `words=(${line}); CURRENT=\${#words}; _sallyport; echo`)
  // the builtins that work only inside of a widget, as functions
  const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', `compdef () { }; compset () { }; compadd () { shift; print -rn -- "$*" }; _files () { print -rn files }; source ./script\n${lines.join('\n')}\nwords=(sallyport check gate); CURRENT=3; _sallyport`], { cwd, encoding: 'utf8' })
  t.equal(stderr, '')
  const answers = stdout.split('\n')
  CASES.forEach(([line, offered], index) => judge(line, (answers[index] ?? '').split(' '), offered, []))
  t.equal(answers.at(-1), 'files')
})

t.test('fish completes', { skip: has('fish') ? false : 'no fish' }, async t => {
  const cwd = t.testdir({ script: await script('fish') })
  for (const [line, offered, not] of CASES) {
    const { stdout } = spawnSync('fish', ['--no-config', '-c', `source script; complete -C '${line}'`], { cwd, encoding: 'utf8', env: { ...process.env, HOME: cwd, XDG_CONFIG_HOME: join(cwd, 'config') } })
    judge(line, stdout.split('\n').map(answer => answer.replace(/^--[\w-]+=/, '').split('\t')[0] ?? ''), offered, not)
  }
})

t.test('another shell is wrong usage', async t => {
  t.match(await runCli(['completion', 'csh']), { code: 3, stderr: /Allowed choices are bash, zsh, fish/ })
})

function judge (line: string, answers: readonly string[], offered: readonly string[], not: readonly string[]): void {
  for (const word of offered) t.ok(answers.includes(word), `${line}: ${word} in ${answers.join(' ')}`)
  for (const word of not) t.notOk(answers.includes(word), `${line}: no ${word}`)
}
