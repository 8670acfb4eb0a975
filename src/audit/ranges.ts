import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { PluginEntry } from '../config/model.ts'
import { option } from './context.ts'
import type { Hit } from './rule.ts'

/** IPv4 that is written as IPv6 is IPv4, as it is to the gateway: `::ffff:0:0/96` has all of it. Bits of a range of IPv6 that has no IPv4 in it: null. */
export function bitsOfIpv4 (address: string, bits: number): number | null {
  if (isIP(address) === 4) return bits
  if (bits >= 96) return ipaddr.IPv6.parse(address).isIPv4MappedAddress() ? bits - 96 : null
  return ipaddr.IPv6.parse('::ffff:0:0').match(ipaddr.IPv6.parse(address), bits) ? 0 : null
}

/** Ranges of a list that leave nobody out. */
export function * wideRanges (entry: PluginEntry, path: string, cause: string): Generator<Hit> {
  const list = path.split('/').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], entry.config)
  if (!Array.isArray(list)) return
  for (const [index, range] of list.entries()) {
    const [address = '', bits] = String(range).split('/')
    if (isIP(address) !== 0 && bits !== undefined && (Number(bits) === 0 || bitsOfIpv4(address, Number(bits)) === 0)) yield { pointer: option(entry, `${path}/${index}`), cause }
  }
}
