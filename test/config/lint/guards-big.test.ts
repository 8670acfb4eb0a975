import t from 'tap'
import { findings } from './findings.ts'

t.test('ten thousand routes, half of them open, are looked at in linear time', async t => {
  const routes = (count: number): string => Array.from({ length: count }, (_, index) => index % 2 === 0
    ? `      - { name: a${index}, paths: [/a/${index}], methods: [GET], plugins: [{ name: forward-auth, config: { url: "https://auth.internal" } }] }\n`
    : `      - { name: b${index}, paths: [/b/${index}], hosts: [h${index}.example.com], methods: [GET] }\n`).join('')
  const time = async (count: number): Promise<number> => {
    const start = process.cpuUsage()
    t.same(await findings(`services:\n  - name: s\n    host: s.internal\n    routes:\n${routes(count)}`), [])
    const { user, system } = process.cpuUsage(start)
    return user + system
  }
  await time(500)
  const [few, many] = [await time(1_000), await time(10_000)]
  t.ok(many < few * 30, `${few} µs, then ${many} µs`)
})
