import { resolve } from 'node:path'

/** Folder of package.json. Fixtures that are no TypeScript (yaml, certificates) are read from `test/` there, not from `dist/`. */
export const packageRoot = resolve(import.meta.dirname, '../../..')
