/**
 * The test kit (`sallyport/testing`): runs one plugin in a real gateway between a real client and a real upstream, on
 * sockets, and shows what went up and what came back. Needs no test runner of a kind.
 */
export { testPlugin } from './test-plugin.ts'
export type { Caller, PluginTest, TestContext, TestPluginOptions } from './test-plugin.ts'
export type { ClientRequest, ClientAnswer } from './client.ts'
export type { Clock } from './clock.ts'
export type { ReceivedRequest, UpstreamAnswer } from './stub-upstream.ts'
