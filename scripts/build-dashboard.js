/** Bundles src/dashboard/ into dist/src/dashboard/: a page, a script, a style sheet, an icon. Part of `npm run build`; `npm run lint` checks its types. */
import { copyFileSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const [from, to] = [join(root, 'src/dashboard'), join(root, 'dist/src/dashboard')]

mkdirSync(to, { recursive: true })
await build({
  entryPoints: { app: join(from, 'main.tsx') },
  outdir: to,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  tsconfig: join(from, 'tsconfig.json'),
  legalComments: 'eof',
  logLevel: 'warning'
})
for (const file of ['index.html', 'icon.svg']) copyFileSync(join(from, file), join(to, file))
