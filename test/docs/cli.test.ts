import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCli } from '../helpers/cli.ts'
import { packageRoot } from '../helpers/package-root.ts'

const file = join(packageRoot, 'docs/cli.md')
const page = readFileSync(file, 'utf8')
const names = [...page.matchAll(/^<!-- help:([\w -]+?):start -->$/gm)].map(([, name = '']) => name)

/** What a command prints about itself, as a block of the page. */
async function help (name: string): Promise<string> {
  const { stdout } = await runCli(name === 'sallyport' ? ['--help'] : [...name.split(' '), '--help'])
  return `<!-- help:${name}:start -->\n\`\`\`console\n$ sallyport${name === 'sallyport' ? '' : ` ${name}`} --help\n${stdout.trimEnd()}\n\`\`\`\n<!-- help:${name}:end -->`
}

t.test('docs/cli.md shows what each command prints about itself', async t => {
  let wanted = page
  for (const name of names) {
    const block = await help(name)
    wanted = wanted.replace(new RegExp(`<!-- help:${name}:start -->[^]*?<!-- help:${name}:end -->`), () => block)
  }
  // UPDATE=1 writes the page anew.
  if (process.env['UPDATE'] === '1') writeFileSync(file, wanted)
  t.equal(page, wanted)
})

/** Names that a command lists. */
async function commandsOf (command: string[]): Promise<string[]> {
  const { stdout } = await runCli([...command, '--help'])
  const [, list = ''] = /\nCommands:\n([^]*?)(?:\n\n|$)/.exec(stdout) ?? []
  return [...list.matchAll(/^ {2}([\w-]+)(?: |$)/gm)].map(([, name = '']) => name).filter(name => name !== 'help')
}

t.test('docs/cli.md has every command', async t => {
  const listed = await commandsOf([])
  const nested = await Promise.all(listed.map(async name => [name, ...(await commandsOf([name])).map(inner => `${name} ${inner}`)]))
  t.same(names, ['sallyport', ...nested.flat()])
})
