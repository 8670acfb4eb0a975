import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { PluginGateway } from '../../plugin.ts'
import { fileRevocations } from './file-source.ts'
import { redisRevocations } from './redis-source.ts'
import { Revocations, type RevocationSource } from './revocations.ts'
import { Revoked } from './revoked.ts'

/** Where revocations are: `file` or `redisUrl`. Times are milliseconds. */
export interface RevocationPlace {
  readonly file?: string | undefined
  readonly redisUrl?: string | undefined
  readonly prefix: string
  readonly interval: number
  readonly staleAfter: number
}

/** What Redis says to a configuration that is tried. */
const NOTHING_REVOKED: RevocationSource = Object.freeze({
  read: async () => new Revoked(new Set(), new Map()),
  watch () {},
  close () {}
})

/** Until Redis has to connect and to answer. */
const TIMEOUT = 2_000

/**
 * The revocations of an entry, which outlive reloads, so that no reload is a moment without them.
 *
 * A file must be readable when the gateway starts, like the configuration that names it. Redis need not: requests get 503
 * until it is there.
 *
 * @throws Error about the file
 */
export async function keepRevocations (gateway: Pick<PluginGateway, 'keep' | 'directory' | 'log' | 'now' | 'outside'>, place: RevocationPlace): Promise<Revocations> {
  const { file, redisUrl = '', prefix, interval, staleAfter } = place
  const { log, now } = gateway
  const path = file === undefined ? null : resolve(gateway.directory, file)
  // the address may hold a password
  const key = `revocation|${createHash('sha256').update(JSON.stringify([path, redisUrl, prefix, interval, staleAfter])).digest('base64')}`
  const source = path !== null
    ? fileRevocations(path)
    : gateway.outside === undefined ? await redisRevocations({ url: redisUrl, prefix, timeout: TIMEOUT, now }) : NOTHING_REVOKED
  const revocations = gateway.keep(key, () => new Revocations(source, { interval, staleAfter, now, log }), closeRevocations)
  // of a reload: the old one serves on
  if (!revocations.isOf(source)) await source.close()
  await revocations.refresh()
  if (path !== null && revocations.problem !== null) throw new Error(`\`revocation.file\` '${file}': ${revocations.problem}`)
  return revocations
}

async function closeRevocations (revocations: Revocations): Promise<void> {
  await revocations.close()
}
