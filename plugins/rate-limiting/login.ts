import { clientNetwork, type FastifyRequest } from '../../src/plugin.ts'
import { createAccountFinder } from './account.ts'

/** Whom a login is counted for, step by step: the address is known before the body is read. */
export interface LoginKeys {
  address (request: FastifyRequest): string
  /** Address and account; of requests that don't name one plainly all together, so that leaving it out gains nothing. */
  all (request: FastifyRequest): Promise<readonly string[]>
}

export function createLoginKeys (field: string): LoginKeys {
  const findAccount = createAccountFinder(field)
  const address = ({ gateway }: FastifyRequest): string => `ip:${clientNetwork(gateway.clientIp)}`
  return {
    address,
    async all (request) {
      const account = await findAccount(request)
      if (account === undefined) return [address(request)]
      return [address(request), account === null ? 'no-account' : `account:${account}`]
    }
  }
}
