import type { BrandedPlugin } from '../src/plugin.ts'

/** The built-in plugins: the explicit list, nothing else. */
export const builtins: readonly BrandedPlugin[] = [
]
