import type { Test } from 'tap'
import plugin from '../../plugins/proxy-cache/index.ts'
import { type PluginTest, testPlugin, type TestPluginOptions } from '../../src/testing/index.ts'
import type { ReceivedRequest, UpstreamAnswer } from '../../src/testing/loopback-server.ts'

type Answer = UpstreamAnswer | ((request: ReceivedRequest, count: number) => UpstreamAnswer)

/** A gateway with the cache; the upstream lives by its clock, and counts its answers in their bodies unless told otherwise. */
export async function cached (t: Test, answer: Answer, options: Partial<TestPluginOptions> = {}): Promise<PluginTest> {
  let count = 0
  const run: PluginTest = await testPlugin(t, {
    plugin,
    ...options,
    upstream: request => {
      count++
      const one = typeof answer === 'function' ? answer(request, count) : answer
      return { body: `answer ${count}`, ...one, headers: { 'content-type': 'text/plain', date: new Date(run.clock.now()).toUTCString(), ...one.headers } }
    }
  })
  return run
}

/** Kong's word on each answer. */
export function states (answers: ReadonlyArray<{ headers: Record<string, unknown> }>): unknown[] {
  return answers.map(answer => answer.headers['x-cache-status'])
}
