import { ESLint } from 'eslint'
import t from 'tap'
import { packageRoot } from '../helpers/package-root.ts'

// the project's own configuration, on text that stands in no file
const eslint = new ESLint({ cwd: packageRoot })

async function findings (file: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${text}\n`, { filePath: `${packageRoot}/${file}` })
  return (result?.messages ?? [])
    .filter(message => message.fatal === true || message.ruleId === 'sallyport/import-boundaries' || message.ruleId === 'no-restricted-syntax')
    .map(message => `${message.ruleId}: ${message.message}`)
}

const refused: ReadonlyArray<readonly [because: string, file: string, text: string]> = [
  ['a plugin imports another plugin', 'plugins/cors/index.ts', "import acl from '../acl/index.ts'\nexport default acl"],
  ['a plugin imports the list of plugins', 'plugins/cors/index.ts', "export { builtins } from '../index.ts'"],
  ['a plugin imports the engine', 'plugins/cors/index.ts', "import { HeaderList } from '../../src/proxy/fields/header-list.ts'\nexport default HeaderList"],
  ['a plugin imports a type of the engine', 'plugins/cors/schema.ts', "import type { Route } from '../../src/config/model.ts'\nexport type { Route }"],
  ['a plugin names a type of the engine in place', 'plugins/cors/schema.ts', "export type R = import('../../src/config/model.ts').Route"],
  ['a plugin imports the engine at run time', 'plugins/cors/index.ts', "export const later = () => import('../../src/errors.ts')"],
  ['a plugin calls undici', 'plugins/cors/index.ts', "import { request } from 'undici'\nexport default request"],
  ['a plugin imports Fastify', 'plugins/cors/index.ts', "import type { FastifyRequest } from 'fastify'\nexport type { FastifyRequest }"],
  ['the engine imports a plugin', 'src/gateway/scopes.ts', "import jwt from '../../plugins/jwt/index.ts'\nexport default jwt"],
  ['the engine imports the list of plugins', 'src/gateway/scopes.ts', "export { builtins } from '../../plugins/index.ts'"],
  ['src/plugins.ts imports one plugin', 'src/plugins.ts', "import jwt from '../plugins/jwt/index.ts'\nexport default jwt"],
  ['the engine imports a test helper', 'src/errors.ts', "export { packageRoot } from '../test/helpers/package-root.ts'"],
  ['the router imports Fastify', 'src/router/compile.ts', "import type { FastifyRequest } from 'fastify'\nexport type { FastifyRequest }"],
  ['the router imports undici', 'src/router/match.ts', "import { Pool } from 'undici'\nexport default Pool"],
  ['the router imports the proxy', 'src/router/match.ts', "export { HeaderList } from '../proxy/header-list.ts'"],
  ['the configuration imports a Fastify plugin', 'src/config/lint/rules.ts', "import cors from '@fastify/cors'\nexport default cors"],
  ['the configuration imports the command line', 'src/config/load.ts', "export { main } from '../cli/main.ts'"],
  ['an example reaches into the project', 'examples/custom-plugin/index.ts', "export { definePlugin } from '../../src/plugin.ts'"],
  ['a second file extends Fastify', 'src/gateway/context.ts', "declare module 'fastify' {\n  interface FastifyRequest { readonly more: string }\n}"]
]

for (const [because, file, text] of refused) {
  t.test(`lint refuses a file in which ${because}`, async t => {
    const found = await findings(file, text)
    t.equal(found.length, 1, found.join('\n'))
    t.notMatch(found[0], 'null:', 'the text itself is well-formed')
  })
}

const allowed: ReadonlyArray<readonly [because: string, file: string, text: string]> = [
  ['a plugin imports the contract', 'plugins/cors/index.ts', "import { definePlugin } from '../../src/plugin.ts'\nexport default definePlugin"],
  ['a plugin imports its own files', 'plugins/cors/index.ts', "import { Cors } from './schema.ts'\nexport default Cors"],
  ['a plugin imports a package', 'plugins/cors/index.ts', "import cors from '@fastify/cors'\nexport default cors"],
  ['the list imports the plugins', 'plugins/index.ts', "import jwt from './jwt/index.ts'\nexport default [jwt]"],
  ['src/plugins.ts imports the list', 'src/plugins.ts', "export { builtins } from '../plugins/index.ts'"],
  ['the router imports the model', 'src/router/compile.ts', "export type { Route } from '../config/model.ts'"],
  ['the contract extends Fastify', 'src/plugin.ts', "declare module 'fastify' {\n  interface FastifyRequest { readonly more: string }\n}"]
]

for (const [because, file, text] of allowed) {
  t.test(`lint accepts a file in which ${because}`, async t => {
    t.same(await findings(file, text), [])
  })
}
