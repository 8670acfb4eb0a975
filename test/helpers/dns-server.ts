/** A name server on a real UDP socket, that says what a test wants. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Test } from 'tap'

export type DnsRecord =
  | { readonly type: 'A' | 'AAAA', readonly address: string, readonly ttl?: number }
  | { readonly type: 'SRV', readonly name: string, readonly port: number, readonly priority?: number, readonly weight?: number, readonly ttl?: number }

export interface DnsServer {
  /** `127.0.0.1:port`. */
  readonly address: string
  /** `A name`, in order. */
  readonly queries: string[]
  /** What a name stands for from now on; none: there is no such name. */
  set (name: string, ...records: DnsRecord[]): void
  /** How it behaves from now on. */
  mode: 'answers' | 'fails' | 'silent'
}

const TYPES = { A: 1, AAAA: 28, SRV: 33 } as const

export async function dnsServer (t: Test): Promise<DnsServer> {
  const zone = new Map<string, readonly DnsRecord[]>()
  const queries: string[] = []
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.teardown(() => { socket.close() })
  const server: DnsServer = {
    address: `127.0.0.1:${socket.address().port}`,
    queries,
    set (name, ...records) {
      if (records.length === 0) zone.delete(name)
      else zone.set(name, records)
    },
    mode: 'answers'
  }
  socket.on('message', (query, from) => {
    const { name, end } = readName(query, 12)
    const type = query.readUInt16BE(end)
    queries.push(`${Object.entries(TYPES).find(([, code]) => code === type)?.[0] ?? type} ${name}`)
    if (server.mode === 'silent') return
    const known = zone.get(name)
    const found = server.mode === 'fails' ? [] : known?.filter(record => TYPES[record.type] === type) ?? []
    const code = server.mode === 'fails' ? 2 : known === undefined ? 3 : 0
    const head = Buffer.alloc(12)
    head.writeUInt16BE(query.readUInt16BE(0), 0)
    head.writeUInt16BE(0x8180 | code, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(found.length, 6)
    socket.send(Buffer.concat([head, query.subarray(12, end + 4), ...found.map(answer)]), from.port, from.address)
  })
  return server
}

function answer (record: DnsRecord): Buffer {
  const data = dataOf(record)
  const head = Buffer.alloc(12)
  // a pointer to the question's name
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(TYPES[record.type], 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(record.ttl ?? 60, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function dataOf (record: DnsRecord): Buffer {
  if (record.type !== 'SRV') return isIPv6(record.address) ? ipv6(record.address) : Buffer.from(record.address.split('.').map(Number))
  const head = Buffer.alloc(6)
  head.writeUInt16BE(record.priority ?? 0, 0)
  head.writeUInt16BE(record.weight ?? 0, 2)
  head.writeUInt16BE(record.port, 4)
  const labels = record.name.split('.').filter(label => label !== '')
  return Buffer.concat([head, ...labels.map(label => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])])
}

function ipv6 (address: string): Buffer {
  const [left = '', right = ''] = address.split('::')
  const [before, after] = [left, right].map(part => part === '' ? [] : part.split(':').map(group => parseInt(group, 16))) as [number[], number[]]
  const groups = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Buffer.from(groups.flatMap(group => [group >> 8, group & 0xff]))
}

function readName (message: Buffer, start: number): { name: string, end: number } {
  const labels: string[] = []
  let at = start
  for (let length = message[at] as number; length > 0; length = message[at] as number) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  // names are compared without case
  return { name: labels.join('.').toLowerCase(), end: at + 1 }
}
