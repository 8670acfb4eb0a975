/**
 * The test kit (`sallyport/testing`): runs one plugin, or a whole configuration, in a real gateway between a real client and a real upstream, on
 * sockets, and shows what went up and what came back. Needs no test runner of a kind.
 */
export { testPlugin } from './test-plugin.ts'
export type { Caller, PluginTest, TestPluginOptions } from './test-plugin.ts'
export type { TestContext } from './test-context.ts'
export { configTests, testConfig } from './test-config.ts'
export type { ConfigAnswer, ConfigOptions, ConfigTest, ConfigTests } from './test-config.ts'
export type { Trial } from '../lab/trial.ts'
export type { Outcome } from '../lab/outcome.ts'
export type { Addressee, Stub, StubAnswer, StubbedRequest } from '../lab/stubs.ts'
export type { ClientRequest, ClientAnswer } from './client.ts'
export type { Clock } from './clock.ts'
export type { ReceivedRequest, UpstreamAnswer } from './loopback-server.ts'
