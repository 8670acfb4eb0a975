/** Endpoints with how often they are asked: what moves often, what moves seldom, what moves with the configuration alone. */
export const OFTEN = 5_000
export const SELDOM = 15_000
export const WITH_THE_FILE = 0

/** Without what grows with the file: every page asks for it every other second. */
export const STATUS = '/status?brief=true'

/** Requests that are asked for at once: some 200 kB. */
export const MANY = '300'

/** `/routes/orders%20list` */
export function endpoint (...parts: readonly string[]): string {
  return `/${parts.map(encodeURIComponent).join('/')}`
}
