import type { Test } from 'tap'
import plugin from '../../../plugins/openid-connect/index.ts'
import { testPlugin, type PluginTest, type TestPluginOptions } from '../../../src/testing/index.ts'
import { startOidcProvider, type OidcServer } from '../../helpers/oidc-provider.ts'

/** A gateway and a real provider; both clocks are the machine's, unless the gateway's differs on purpose. */
export async function start (t: Test, config: object = {}, rest: Partial<TestPluginOptions> = {}): Promise<{ server: OidcServer, test: PluginTest }> {
  const server = await startOidcProvider(t)
  return { server, test: await front(t, server, config, rest) }
}

export async function front (t: Test, server: OidcServer, config: object = {}, rest: Partial<TestPluginOptions> = {}): Promise<PluginTest> {
  return await testPlugin(t, { plugin, now: Date.now(), ...rest, config: { issuer: server.issuer, allow_insecure: true, ...config } })
}

/** A request with a token. */
export const bearer = (token: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${token}` } })
