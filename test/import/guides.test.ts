/**
 * The guides about other gateways show a source and what `sallyport import` makes of it. A source block stands behind
 * `<!-- import:FORMAT:FILE -->`, its result is the next `yaml other` block. UPDATE=1 writes the results anew.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { importConfig, type ImportFormat } from '../../src/import/import.ts'
import { packageRoot } from '../helpers/package-root.ts'

const PAIR = /<!-- import:([\w-]+):(\S+) -->\n```[\w ]+\n([^]*?)\n```\n([^]*?)```yaml other\n([^]*?)```/g

for (const name of ['from-kong', 'from-nginx', 'from-express-gateway', 'from-krakend']) {
  const file = join(packageRoot, 'docs/guides', `${name}.md`)
  const page = readFileSync(file, 'utf8')

  t.test(`docs/guides/${name}.md shows what the import makes`, async t => {
    const directory = t.testdir({})
    let wanted = page
    let pairs = 0
    for (const [whole, format = '', source = '', text = '', , result = ''] of page.matchAll(PAIR)) {
      pairs++
      const made = await importConfig({ format: format as ImportFormat, text: `${text}\n`, path: join(directory, source), shown: source, output: join(directory, 'gateway.yaml'), shownOutput: null })
      // without the lines about the editor and the source, which every result has
      const shown = made.text.replace(/^# yaml-language-server.*\n#\n# Made from .*\n/, '')
      wanted = wanted.replace(whole, () => `${whole.slice(0, whole.length - result.length - 3)}${shown}\`\`\``)
    }
    t.not(pairs, 0)
    if (process.env['UPDATE'] === '1') writeFileSync(file, wanted)
    t.equal(page, wanted)
  })
}
