import t from 'tap'
import { createLog } from '../../src/observability/log.ts'
import { createRedactor } from '../../src/observability/redaction.ts'

t.test('lines are JSON with a readable level and time', async t => {
  const lines: string[] = []
  const { logger } = createLog('info', { write: line => { lines.push(line) } })
  logger.debug('no')
  logger.warn({ route: 'orders' }, 'slow')
  t.equal(lines.length, 1)
  t.match(JSON.parse(lines[0] as string), { level: 'warn', time: /^\d{4}-\d\d-\d\dT.*Z$/, pid: process.pid, route: 'orders', msg: 'slow' })
})

t.test('secrets are cut in messages, errors, fields and children', async t => {
  const lines: string[] = []
  const log = createLog('info', { write: line => { lines.push(line) } })
  log.cover(createRedactor([], ['from-the-vault']))
  const error = new Error('connect redis://:from-the-vault@db:6379', { cause: new Error('AUTH from-the-vault') })
  log.logger.error({ err: error, url: '/a?token=canary-1' }, 'failed for Bearer canary-2')
  log.logger.child({ plugin: 'x', dsn: 'postgres://u:canary-3@db/x' }).info('from-the-vault')
  const text = lines.join('')
  t.notMatch(text, /canary-|from-the-vault/)
  for (const line of lines) t.doesNotThrow(() => JSON.parse(line) as unknown)
  t.match(text, 'REDACTED')
})

t.test('a reload changes the level', async t => {
  const lines: string[] = []
  const log = createLog('error', { write: line => { lines.push(line) } })
  log.logger.info('no')
  log.setLevel('debug')
  log.logger.debug('yes')
  t.equal(lines.length, 1)
})

t.test('what the configuration before knew is still cut while its last requests end', async t => {
  const lines: string[] = []
  const log = createLog('info', { write: line => { lines.push(line) } })
  log.cover(createRedactor([], ['older-secret']))
  log.cover(createRedactor([], ['newer-secret']))
  log.logger.info('older-secret newer-secret')
  t.match(JSON.parse(lines[0] as string), { msg: 'REDACTED REDACTED' })
})

t.test('a configuration that runs is covered, however many fail to follow it', async t => {
  const lines: string[] = []
  const log = createLog('info', { write: line => { lines.push(line) } })
  const running = createRedactor([], ['running-secret'])
  for (let index = 0; index < 5; index++) {
    log.cover(running)
    log.cover(createRedactor([], [`failed-secret-${index}`]))
  }
  log.logger.info('running-secret')
  t.match(JSON.parse(lines[0] as string), { msg: 'REDACTED' })
})
