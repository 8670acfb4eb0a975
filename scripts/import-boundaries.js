/**
 * The lint rule that holds the shape of the tree: imports point inward.
 *
 * JavaScript, because the lint's configuration loads it before anything is compiled.
 */
import { dirname, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** Parts of the engine that are pure: they know no server, no client, and nothing that runs. */
const PURE = ['src/router/', 'src/config/']
const RUNNING = ['src/admin/', 'src/cli/', 'src/gateway/', 'src/observability/', 'src/proxy/']
const HTTP_PACKAGE = /^(?:fastify|undici|@fastify\/[^/]+)(?:\/|$)/

/** What is wrong with `file` (relative to the root) importing `specifier`, or null. */
export function importProblem (file, specifier) {
  if (!specifier.startsWith('.')) return packageProblem(file, specifier)
  const target = relative(root, resolve(root, dirname(file), specifier)).split(sep).join('/')
  const plugin = ownFolder(file, 'plugins')
  if (plugin !== null) {
    if (target === 'src/plugin.ts' || target.startsWith(plugin)) return null
    return 'A plugin imports src/plugin.ts and its own files, nothing else of the project.'
  }
  if (file.startsWith('src/')) return engineProblem(file, target)
  const example = ownFolder(file, 'examples')
  if (example !== null && !target.startsWith(example)) {
    return 'An example stands alone: import the package (sallyport/plugin), not the project\'s files.'
  }
  return null
}

function packageProblem (file, specifier) {
  if (!HTTP_PACKAGE.test(specifier)) return null
  if (PURE.some(folder => file.startsWith(folder))) return 'src/router and src/config import neither Fastify nor undici.'
  if (ownFolder(file, 'plugins') !== null && /^(?:fastify|undici)(?:\/|$)/.test(specifier)) {
    return 'A plugin gets Fastify\'s types from src/plugin.ts, and changes request.gateway.upstream instead of calling undici.'
  }
  return null
}

function engineProblem (file, target) {
  if (!target.startsWith('src/') && target !== 'package.json') {
    if (target === 'plugins/index.ts' && file === 'src/plugins.ts') return null
    return 'The engine knows no plugin: src/plugins.ts imports plugins/index.ts, and nothing else leaves src/.'
  }
  if (PURE.some(folder => file.startsWith(folder)) && RUNNING.some(folder => target.startsWith(folder))) {
    return 'src/router and src/config import nothing that runs (gateway, proxy, admin, cli, observability).'
  }
  return null
}

/** `plugins/jwt/` for a file in there; null for anything else, `plugins/index.ts` included. */
function ownFolder (file, parent) {
  const [first, name, ...rest] = file.split('/')
  return first === parent && rest.length > 0 ? `${parent}/${name}/` : null
}

/** @type {import('eslint').Rule.RuleModule} */
const rule = {
  meta: { type: 'problem', schema: [], docs: { description: 'imports point inward' } },
  create (context) {
    const file = relative(root, context.filename).split(sep).join('/')
    function check (node) {
      const source = node.source ?? node.argument?.literal ?? node.moduleReference?.expression
      if (typeof source?.value !== 'string') return
      const message = importProblem(file, source.value)
      if (message !== null) context.report({ node: source, message })
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
      TSImportEqualsDeclaration: check
    }
  }
}

export default { rules: { 'import-boundaries': rule } }
