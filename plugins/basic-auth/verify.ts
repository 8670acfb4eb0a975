import { hash, scrypt, timingSafeEqual } from 'node:crypto'
import bcrypt from 'bcrypt'
import type { BcryptHash, ScryptHash, Sha1Hash } from '../../src/plugin.ts'

/** Whether this is the password of Kong's form. @param consumerId the form's salt */
export function verifySha1 ({ digest }: Sha1Hash, password: Buffer, consumerId: string): boolean {
  return timingSafeEqual(hash('sha1', Buffer.concat([password, Buffer.from(consumerId)]), 'buffer'), digest)
}

/** Whether this is the password; worked out in a thread of libuv's pool, both forms alike. */
export async function verifySlowly (stored: BcryptHash | ScryptHash, password: Buffer): Promise<boolean> {
  if (stored.kind === 'bcrypt') return await bcrypt.compare(password, stored.text)
  const { cost, blockSize, parallelization, salt, digest } = stored
  const derived = await new Promise<Buffer>((resolve, reject) => {
    // OpenSSL's limit is 32 MiB unless told; the cost was bounded when the file was loaded
    const options = { cost, blockSize, parallelization, maxmem: 128 * blockSize * (cost + parallelization + 2) + 1_048_576 }
    scrypt(password, salt, digest.length, options, (error, key) => error === null ? resolve(key) : reject(error))
  })
  return timingSafeEqual(derived, digest)
}
