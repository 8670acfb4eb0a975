import { createSocket } from 'node:dgram'
import type { Test } from 'tap'

/** Receives datagrams for the time of a test. */
export async function receiver (t: Test): Promise<{ readonly port: number, readonly messages: readonly string[] }> {
  const messages: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', message => { messages.push(message.toString()) })
  await new Promise<void>(resolve => { socket.bind(0, '127.0.0.1', resolve) })
  t.teardown(() => { socket.close() })
  return { port: socket.address().port, messages }
}
