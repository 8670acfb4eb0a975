/* eslint-disable no-template-curly-in-string -- that is how decK's references look */
import t from 'tap'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/load.ts'
import { loaderRules } from '../../src/config/loader-rules.ts'
import { content, type YamlNode } from '../../src/config/yaml/nodes.ts'
import { readSource } from '../../src/config/read-source.ts'
import { codeBlocks, markdownFiles } from '../helpers/markdown.ts'
import { loadText, placeOf, unmark } from '../helpers/marked-yaml.ts'
import { packageRoot } from '../helpers/package-root.ts'

const HEAD = '_format_version: "3.0"\n'

const env = {
  NAME: 'from-env',
  MY_SECRET: 'top-secret',
  MY_SECRET_PREVIOUS: 'old-secret',
  APP_TOKEN: 'app-token-value',
  JSON_DOC: '{"user": "json-user", "port": 8123, "on": true, "list": [1]}',
  NOT_JSON: 'plain-secret-text',
  DECK_HOST: 'deck.internal',
  DECK_PORT: '8123',
  DECK_FLAG: 'false',
  DECK_EMPTY: '',
  DECK_WORD: 'not-a-number',
  DECK_RATE: '1.5',
  DECK_LINES: 'one\ntwo',
  DECK_NULL: 'null'
}

/** The value of a plugin option that takes anything. */
async function free (yaml: string): Promise<unknown> {
  const { config, diagnostics } = await loadText(`${HEAD}plugins:\n- name: fixture\n  config:\n    free: ${yaml}\n`, { env })
  t.strictSame(diagnostics, [], yaml)
  return config?.plugins[0]?.config['free']
}

t.test('references become the values of variables', async t => {
  const values: ReadonlyArray<readonly [string, unknown]> = [
    ['"{vault://env/NAME}"', 'from-env'],
    ['\'{vault://env/name}\'', 'from-env'],
    ['"{vault://env/my-secret}"', 'top-secret'],
    ['"{vault://env/my-secret#1}"', 'top-secret'],
    ['"{vault://env/my-secret#2}"', 'old-secret'],
    ['"{vault://env/token?prefix=app_}"', 'app-token-value'],
    ['"{vault://env/json-doc/user}"', 'json-user'],
    ['"{vault://env/json-doc/port}"', 8123],
    ['"{vault://env/json-doc/on}"', true],
    ['"{vault://env/DECK_PORT}"', '8123'],
    ['${{ env "DECK_HOST" }}', 'deck.internal'],
    ['\'${{ env "DECK_HOST" }}\'', 'deck.internal'],
    ['${{env "DECK_HOST"}}', 'deck.internal'],
    ['http://${{ env "DECK_HOST" }}:${{ env "DECK_PORT" }}/x', 'http://deck.internal:8123/x'],
    ['${{ env "DECK_PORT" }}', 8123],
    ['\'${{ env "DECK_PORT" }}\'', '8123'],
    ['${{ env "DECK_PORT" | toInt }}', 8123],
    ['\'${{ env "DECK_PORT" | toInt }}\'', '8123'],
    ['${{ env "DECK_RATE" | toFloat }}', 1.5],
    ['${{ env "DECK_FLAG" | toBool }}', false],
    ['${{ env "DECK_FLAG" }}', false],
    ['${{ env "DECK_PORT" }}${{ env "DECK_PORT" }}', 81238123],
    ['|-\n      ${{ env "DECK_LINES" | indent 6 }}', 'one\ntwo'],
    // nothing that a variable holds means "not set"
    ['${{ env "DECK_EMPTY" }}', ''],
    ['${{ env "DECK_NULL" }}', 'null'],
    // texts that only look alike stay what they are
    ['"a {b} {{c}} $x"', 'a {b} {{c}} $x'],
    ['see vault://x', 'see vault://x']
  ]
  for (const [yaml, value] of values) t.strictSame(await free(yaml), value, yaml)
})

t.test('references work in fields of every type, in credentials of the file too', async t => {
  const { config } = await loadText(`${HEAD}services:
- name: '{vault://env/NAME}'
  host: \${{ env "DECK_HOST" }}
  port: \${{ env "DECK_PORT" | toInt }}
  enabled: \${{ env "DECK_FLAG" | toBool }}
`, { env })
  t.match(config?.services[0], { name: 'from-env', host: 'deck.internal', port: 8123, enabled: false })
})

interface Case {
  readonly yaml: string
  readonly rule: string
  readonly cause: string
  readonly mend?: RegExp
}

const cases: readonly Case[] = [
  { yaml: '«{vault://env/NAME}»', rule: 'bad-reference', cause: 'without quotes this is a YAML map, not a reference', mend: /'\{vault:\/\/env\/NAME\}'/ },
  { yaml: '[a, «{ vault://env/NAME }»]', rule: 'bad-reference', cause: 'without quotes this is a YAML map, not a reference' },
  { yaml: '«"{vault://env/NAMEX}"»', rule: 'unset-variable', cause: 'environment variable \'NAMEX\' is not set', mend: /did you mean 'NAME'\?/ },
  { yaml: '«"{vault://env/zzzzzzzzzz}"»', rule: 'unset-variable', cause: 'environment variable \'ZZZZZZZZZZ\' is not set', mend: /^Set it before the gateway starts, or write it into a file that `--env-file` names\.$/ },
  { yaml: '«"Bearer {vault://env/NAME}"»', rule: 'bad-reference', cause: 'a vault reference must be the whole text' },
  { yaml: '«"{ vault://env/NAME }"»', rule: 'bad-reference', cause: 'a vault reference must be the whole text' },
  { yaml: '«vault://env/NAME»', rule: 'bad-reference', cause: 'a vault reference stands in braces', mend: /'\{vault:\/\/env\/NAME\}'/ },
  { yaml: '«"{vault://hcv/secret/x}"»', rule: 'not-supported-yet', cause: 'the vault \'hcv\' is not supported yet: the only one is \'env\'' },
  { yaml: '«"{vault://env/NAME?ttl=5}"»', rule: 'bad-reference', cause: 'the vault \'env\' has no option \'ttl\'' },
  { yaml: '«"{vault://env/NAME#3}"»', rule: 'bad-reference', cause: 'the vault \'env\' has no version \'3\'' },
  { yaml: '«"{vault://env/NOT_JSON/x}"»', rule: 'bad-reference', cause: 'the value of \'NOT_JSON\' is no JSON object' },
  { yaml: '«"{vault://env/JSON_DOC/x}"»', rule: 'bad-reference', cause: 'the JSON object in \'JSON_DOC\' has no text, number or boolean \'x\'' },
  { yaml: '«"{vault://env/JSON_DOC/list}"»', rule: 'bad-reference', cause: 'the JSON object in \'JSON_DOC\' has no text, number or boolean \'list\'' },
  { yaml: 'http://«${{ env "DECK_HOTS" }}»/x', rule: 'unset-variable', cause: 'environment variable \'DECK_HOTS\' present in state file but not set', mend: /'DECK_HOST'/ },
  { yaml: '«${{ env "NAME" }}»', rule: 'bad-reference', cause: 'environment variables in the state file must be prefixed with \'DECK_\', found: \'NAME\'', mend: /'\{vault:\/\/env\/NAME\}'/ },
  { yaml: '«${{ env DECK_HOST }}»', rule: 'bad-reference', cause: 'this is no reference to a variable' },
  { yaml: '«${{ env "DECK_HOST" | upper }}»', rule: 'bad-reference', cause: 'there is no filter \'upper\'' },
  { yaml: '«${{ env "DECK_WORD" | toInt }}»', rule: 'bad-reference', cause: 'the value of \'DECK_WORD\' is no integer' },
  { yaml: '«${{ env "DECK_WORD" | toFloat }}»', rule: 'bad-reference', cause: 'the value of \'DECK_WORD\' is no number' },
  { yaml: '«${{ env "DECK_EMPTY" | toFloat }}»', rule: 'bad-reference', cause: 'the value of \'DECK_EMPTY\' is no number' },
  { yaml: '«${{ env "DECK_WORD" | toBool }}»', rule: 'bad-reference', cause: 'the value of \'DECK_WORD\' is no boolean' },
  { yaml: '«"${{ env x"»', rule: 'bad-reference', cause: 'a reference is never closed' },
  { yaml: '«\'{{ env "DECK_HOST" }}\'»', rule: 'bad-reference', cause: 'a `$` is missing in front of this reference' },
  { yaml: '{«\'${{ env "DECK_HOST" }}\'»: 1}', rule: 'bad-reference', cause: 'a reference can\'t stand in a key' }
]

t.test('a reference that can\'t be resolved is an error at its place, and the only one about that value', async t => {
  for (const { yaml, rule, cause, mend } of cases) {
    const { text, place } = unmark(`${HEAD}plugins:\n- name: fixture\n  config:\n    free: ${yaml}\n`)
    const { diagnostics, config } = await loadText(text, { env })
    const [first] = diagnostics
    t.equal(diagnostics.length, 1, yaml)
    t.equal(config, null)
    if (first === undefined) continue
    t.strictSame([first.rule, first.cause, placeOf(first)], [rule, cause, place], yaml)
    t.ok(Object.hasOwn(loaderRules, first.rule), first.rule)
    if (mend !== undefined) t.match(first.mend, mend)
    for (const value of Object.values(env)) if (value.length > 5) t.notOk(JSON.stringify(first).includes(value), yaml)
  }
})

t.test('nothing that follows from an unresolved reference is reported beside it', async t => {
  const { diagnostics } = await loadText(`${HEAD}services:
- name: '{vault://env/A_A}'
  host: '{vault://env/B_B}'
  port: \${{ env "DECK_C" | toInt }}
- url: '{vault://env/G_G}'
routes:
- paths: '{vault://env/D_D}'
- paths: ['{vault://env/E_E}']
- service: '{vault://env/F_F}'
  paths: [/]
plugins:
- name: '{vault://env/H_H}'
`)
  t.strictSame(diagnostics.map(({ rule }) => rule), Array(8).fill('unset-variable'))
})

t.test('a comment may speak of references', async t => {
  const { diagnostics } = await loadText(`${HEAD}_comment: 'write {vault://env/NAME} here'\nservices: [{host: x, routes: [{paths: [/]}], _comment: '\${{ env "X" }}'}]\n`)
  t.strictSame(diagnostics, [])
})

t.test('a plain number from a variable where a text belongs is told how to stay a text', async t => {
  const { diagnostics } = await loadText(`${HEAD}services: [{host: x, path: \${{ env "DECK_PORT" }}}]`.replace('x, path', 'x, name'), { env })
  t.equal(diagnostics[0]?.rule, 'yaml-syntax', 'braces in a flow map need quotes')
  t.match(diagnostics[0]?.mend, /single quotes/)
  const block = await loadText(`${HEAD}services:\n- host: x\n  name: \${{ env "DECK_PORT" }}\n`, { env })
  t.match(block.diagnostics, [{ rule: 'wrong-type', cause: 'expected a string' }])
  t.match(block.diagnostics[0]?.mend, /^Put quotes around the reference/)
  t.notMatch(JSON.stringify(block.diagnostics), /8123/)
  const quoted = await loadText(`${HEAD}services:\n- host: x\n  port: '{vault://env/DECK_PORT}'\n  enabled: '{vault://env/DECK_FLAG}'\n  tags: '{vault://env/DECK_HOST}'\n`, { env })
  t.match(quoted.diagnostics.map(({ mend }) => mend), [/\| toInt \}\}, without quotes/, /\| toBool \}\}, without quotes/, /^Write the value out/])
})

t.test('a variable as shells write it inside of a longer text stays there, and is warned of', async t => {
  const load = async (text: string) => await loadText(`${HEAD}plugins:\n- name: fixture\n  config:\n    free: ${text}\n`, { env })
  for (const [text, column] of [['"Bearer ${TOKEN}"', 19], ['https://${HOST}/x', 19]] as const) {
    const { config, diagnostics } = await load(text)
    t.ok(config, text)
    t.match(diagnostics, [{ rule: 'bad-reference', severity: 'warning', range: { column }, cause: /it stays in the text/, mend: /\{vault:\/\/env\/(TOKEN|HOST)\}.*\$\{\{ env "DECK_(TOKEN|HOST)" \}\}/ }], text)
  }
  for (const text of ['"${lower}"', '"a $TOKEN b"', '"${a.b} x"', '"http://${{ env \\"DECK_HOST\\" }}/x"']) t.same((await load(text)).diagnostics, [], text)
})

/** Values as the text has them, by where they stand; no aliases, no notes, no blocks of several lines. */
function * leaves (node: YamlNode, path: string, text: string): Iterable<{ path: string, start: number, end: number }> {
  if (node.kind === 'scalar' && node.end > node.start && !/^[|>]/.test(text.slice(node.start))) yield { path, start: node.start, end: node.end }
  if (node.kind === 'sequence') for (const item of node.items) yield * leaves(item, `${path}/-`, text)
  if (node.kind === 'mapping') for (const [key, entry] of node.entries) if (entry.via === undefined && key !== '_comment') yield * leaves(entry.node, `${path}/${key}`, text)
}

t.test('a variable that isn\'t set is the only error, whatever it was meant for: nothing that follows from it is said', async t => {
  const everything = new Proxy<Record<string, string>>({}, { get: (_, name) => name === 'UNSET' ? undefined : '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL', has: () => true, ownKeys: () => [] })
  const load = async (text: string) => await loadConfig({ file: join(packageRoot, 'gateway.yaml'), text, env: everything, errorsOnly: true })
  const tried = new Set<string>()
  for (const { info, text: written, file } of markdownFiles().flatMap(file => codeBlocks(file))) {
    if (!/^yaml( fragment)?$/.test(info)) continue
    const text = info === 'yaml' ? written : written.startsWith('- ') ? `${HEAD}plugins:\n${written}` : HEAD + written
    const { root } = readSource('gateway.yaml', text).source
    const open = [...root === null ? [] : leaves(content(root), '', text)].map(leaf => ({ ...leaf, key: `${file.startsWith('plugins/') ? file : 'docs'} ${leaf.path}` })).filter(({ key }) => !tried.has(key))
    if (open.length === 0 || (await load(text)).config === null) continue
    for (const { key, start, end } of open) {
      if (tried.has(key)) continue
      tried.add(key)
      const { diagnostics } = await load(`${text.slice(0, start)}"{vault://env/UNSET}"${text.slice(end)}`)
      const rules = diagnostics.filter(({ severity }) => severity === 'error').map(({ rule, cause }) => rule === 'unset-variable' ? rule : `${rule}: ${cause}`)
      if (rules.join() !== 'unset-variable') t.fail(`${key}: ${rules.join(', ')}`)
    }
  }
  t.ok(tried.size > 200, `${tried.size} places`)
})

t.test('items of lists are counted from 0, as everywhere', async t => {
  const { diagnostics } = await loadText(`${HEAD}routes:
- paths: ["{vault://env/UNSET}", /x, "{vault://env/UNSET}", {vault://env/UNSET}]
  hosts:
  - "{vault://env/UNSET}"
- "{vault://env/UNSET}"
`, { env: {} })
  t.strictSame(diagnostics.map(({ path }) => path), ['routes[0].paths[0]', 'routes[0].paths[2]', 'routes[0].paths[3]', 'routes[0].hosts[0]', 'routes[1]'])
})

t.test('what has nothing to do with a variable that isn\'t set is said beside it', async t => {
  const { diagnostics } = await loadText(`${HEAD}services:
- name: users
  connect_timeout: "{vault://env/UNSET}"
  prot: "{vault://env/UNSET}"
plugins:
- name: fixture
  config: {free: "{vault://env/UNSET}", fre: 1}
`, { env: {} })
  t.strictSame(diagnostics.filter(({ rule }) => rule !== 'unset-variable').map(({ path, rule }) => `${path} ${rule}`), [
    'services[users] required',
    'services[users].prot unknown-key',
    'plugins[fixture].config.fre unknown-key'
  ])
})
