import neostandard from 'neostandard'
import boundaries from './scripts/import-boundaries.js'

const augmentation = {
  selector: 'TSModuleDeclaration > Literal[value=/^(fastify|@fastify\\/.*)$/]',
  message: 'Fastify\'s types are extended in src/plugin.ts alone.'
}

export default [
  ...neostandard({ ts: true, ignores: ['dist', '.tap', 'coverage', 'schemas', 'bench/node_modules', 'bench/results'] }),
  {
    files: ['**/*.ts', '**/*.tsx', '**/*.js'],
    plugins: { sallyport: boundaries },
    rules: { 'sallyport/import-boundaries': 'error' }
  },
  {
    files: ['**/*.ts'],
    ignores: ['src/plugin.ts'],
    rules: { 'no-restricted-syntax': ['error', augmentation] }
  }
]
