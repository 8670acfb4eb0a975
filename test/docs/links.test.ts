import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { anchors, links, markdownFiles, readMarkdown } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/package-root.ts'

/** Why a link of a page leads nowhere, or null. */
function broken (file: string, link: string): string | null {
  if (/^https?:/.test(link)) return null
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? file : join(dirname(file), path)
  if (target.startsWith('..') || !existsSync(join(packageRoot, target))) return `${link}: no such file`
  if (anchor !== undefined && !anchors(readMarkdown(target)).has(anchor)) return `${link}: no such heading`
  return null
}

for (const file of markdownFiles()) {
  t.test(`every link of ${file} leads somewhere`, async t => {
    const problems = links(readMarkdown(file)).map(link => broken(file, link)).filter(problem => problem !== null)
    t.same(problems, [])
  })
}

t.test('a link to a missing file or heading is found', async t => {
  t.match(broken('docs/dependencies.md', 'nothing.md'), /no such file/)
  t.match(broken('docs/dependencies.md', '../../outside.md'), /no such file/)
  t.match(broken('README.md', 'docs/kong-compatibility.md#no-such-part'), /no such heading/)
  t.equal(broken('README.md', 'docs/kong-compatibility.md#what-is-refused'), null)
})
