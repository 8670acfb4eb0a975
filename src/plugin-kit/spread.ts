import { hash } from 'node:crypto'

/** Multiples of the golden section modulo 1 are spread evenly: a hundred requests are divided as exactly as a million. */
const GOLDEN = 0.618_033_988_749_894_9

/** Numbers from 0 to below 1, one after the other, evenly. */
export class Spread {
  #last = Math.random()

  next (): number {
    this.#last = (this.#last + GOLDEN) % 1
    return this.#last
  }
}

/** From a text to a number above 0 and up to 1, evenly; the same for the same text, in every gateway. */
export function unitOf (text: string): number {
  return (Number.parseInt(hash('sha256', text, 'hex').slice(0, 13), 16) + 1) / 2 ** 52
}
