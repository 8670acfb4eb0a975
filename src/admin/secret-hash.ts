/** What stands for secrets where configurations are compared. */
import { createHmac } from 'node:crypto'

/** Who has the token can work the key out; nobody else can try values. */
export function tokenKey (token: string): Buffer {
  return createHmac('sha256', token).update('sallyport config secrets').digest()
}

/** HMAC-SHA256 of a text as it is, or of anything else as JSON; in hex. */
export function secretHash (key: Buffer, value: unknown): string {
  return createHmac('sha256', key).update(typeof value === 'string' ? value : JSON.stringify(value)).digest('hex')
}
