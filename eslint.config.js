import neostandard from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: ['dist', '.tap', 'coverage', 'schemas', 'bench/node_modules', 'bench/results'] })
]
