import type { BrandedPlugin } from '../src/plugin.ts'
import correlationId from './correlation-id/index.ts'
import requestTermination from './request-termination/index.ts'
import requestTransformer from './request-transformer/index.ts'
import responseTransformer from './response-transformer/index.ts'

/** The built-in plugins: the explicit list, nothing else. */
export const builtins: readonly BrandedPlugin[] = [
  correlationId,
  requestTermination,
  requestTransformer,
  responseTransformer
]
