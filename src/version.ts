import { readFileSync } from 'node:fs'

/** Version of the package, from its package.json: two folders above the compiled module. */
export const version: string = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
