/** What is suspicious about a valid file. One file a family of rules; docs/check.md shows each with an example. */
import type { LoadedPlugins } from '../../plugins.ts'
import type { Steps } from '../../steps.ts'
import type { Diagnostic } from '../diagnostics.ts'
import type { Config } from '../model.ts'
import { Report } from '../report.ts'
import type { Source } from '../source.ts'
import { upstreams } from './balancing.ts'
import { bypassedPlugins } from './bypassed-plugins.ts'
import { endingCertificates, literalKeys, mixedKeys, openChains, refusedStaples, uncoveredSnis } from './certificates.ts'
import { LintContext } from './context.ts'
import { dividedLimits } from './divided.ts'
import { exemptsEverybody } from './exempt.ts'
import { openWrites } from './open-writes.ts'
import { unreadablePaths } from './path-policies.ts'
import { openPrefixes, patternLikePaths } from './paths.ts'
import { pluginRoutes } from './plugin-routes.ts'
import { policyPlugins } from './policies.ts'
import { unusedImportance } from './importance.ts'
import { openRegexes } from './regexes.ts'
import { literalCredentials, literalGatewaySecrets, literalSecrets } from './secrets.ts'
import { shadowedRoutes } from './shadowed-routes.ts'
import { shortSecrets } from './short-secrets.ts'
import { shortTimeouts } from './short-timeouts.ts'
import { swallowingRoutes } from './swallowing.ts'
import { tiedRoutes } from './tied-routes.ts'
import { idlePlugins, uncountedKeys, unusedConsumers, unusedCredentials, unusedGroups, unusedModules, unusedServices } from './unused.ts'
import { plainHttp } from './upstreams.ts'

/** What {@link lint} looks at: the parts of a loaded file. */
export interface Lintable {
  readonly config: Config
  readonly source: Source
  readonly plugins: LoadedPlugins
}

export interface LintOptions {
  /** Whether only errors are wanted; default false. */
  readonly errorsOnly?: boolean
}

/** These refuse a file. */
const REFUSING = [uncountedKeys, policyPlugins, bypassedPlugins, mixedKeys]

const WARNING = [
  tiedRoutes, patternLikePaths, openPrefixes, unreadablePaths, openRegexes, unusedServices, unusedConsumers, unusedGroups,
  unusedCredentials, unusedModules, unusedImportance, idlePlugins, pluginRoutes, openWrites, swallowingRoutes, dividedLimits,
  exemptsEverybody, upstreams, shortTimeouts, plainHttp, literalSecrets, literalCredentials, literalGatewaySecrets, shortSecrets,
  literalKeys, endingCertificates, openChains, uncoveredSnis, refusedStaples
]

/**
 * Looks for what the rules of the format allow and nobody means. No network, near-linear time.
 *
 * @returns warnings; and errors, about what shows only in the file as a whole
 */
export function * lint ({ config, source, plugins }: Lintable, { errorsOnly = false }: LintOptions = {}): Steps<Diagnostic[]> {
  const report = new Report(source.file)
  const context = new LintContext(config, source, plugins, report)
  for (const rule of REFUSING) rule(context)
  if (errorsOnly) return report.list().filter(({ severity }) => severity === 'error')
  yield
  const shadowed = shadowedRoutes(context)
  for (const rule of WARNING) {
    yield
    rule(context, shadowed)
  }
  return report.list()
}
