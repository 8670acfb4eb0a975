import t from 'tap'
import { isListenFailure, startFailure } from '../../src/gateway/control/start-failure.ts'

const settings = { listen: [{ host: '0.0.0.0', port: 8000 }, { host: '::1', port: 443 }, { host: 'gateway.internal', port: 8443 }], admin: { host: '127.0.0.1', port: 8001 } } as unknown as Parameters<typeof startFailure>[1]
const error = (facts: Record<string, unknown>): Error => Object.assign(new Error('listen failed'), facts)
const words = (facts: Record<string, unknown>): string => startFailure(error(facts), settings)

t.test('why a gateway can\'t listen is said with the entry and what to do', async t => {
  t.equal(words({ code: 'EADDRINUSE', syscall: 'listen', address: '0.0.0.0', port: 8000 }), '0.0.0.0:8000 is in use: another process listens there; stop it, or choose another port (gateway.listen[0])')
  t.match(words({ code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port: 8001 }), /another port \(gateway\.admin\)$/)
  t.match(words({ code: 'EADDRINUSE', syscall: 'listen', address: '10.0.0.1', port: 8443 }), /another port \(gateway\.listen\[2\]\)$/, 'a name stands for its address')
  t.match(words({ code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port: 9 }), /another port$/, 'nothing in the file says so')
  t.match(words({ code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port: 8001 }), 'another process')
  const clash = { listen: [{ host: '0.0.0.0', port: 8001 }], admin: settings.admin } as unknown as typeof settings
  t.match(startFailure(error({ code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port: 8001 }), clash), /^127\.0\.0\.1:8001 is the admin listener's own address \(gateway\.admin\), and 0\.0\.0\.0:8001 is to be listened on too: choose another port, or another admin port/)
  t.match(startFailure(error({ code: 'EADDRINUSE', syscall: 'listen', address: '::1', port: 8001 }), { ...clash, listen: [{ host: '::1', port: 8001 }] } as unknown as typeof settings), 'another process', 'not in its way')
  t.match(words({ code: 'EACCES', syscall: 'listen', address: '::1', port: 443 }), /^no permission to listen on \[::1\]:443: .*\(gateway\.listen\[1\]\)/)
  t.match(words({ code: 'EADDRNOTAVAIL', syscall: 'listen', address: '::1', port: 443 }), /no such address; choose another host \(gateway\.listen\[1\]\)/)
  t.match(words({ code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'gateway.internal' }), /^can't listen on gateway\.internal: the name has no address; .*\(gateway\.listen\[2\]\)/)
  t.equal(words({ code: 'SP_PLUGIN_SETUP' }), 'listen failed')
  t.ok(isListenFailure(error({ code: 'EADDRINUSE', syscall: 'listen' })))
  t.notOk(isListenFailure(error({ code: 'EACCES', syscall: 'open' })), 'a file that a plugin may not read')
})
