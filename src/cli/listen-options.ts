/** Options that say where a gateway listens, of every command that runs one. */
import { type Command, InvalidArgumentError } from 'commander'
import type { Overrides } from '../config/load.ts'

/** These win over the file. */
export interface ListenFlags {
  readonly port?: number | undefined
  readonly host?: string | undefined
  readonly adminPort?: number | 'off' | undefined
}

/** @param admin what the admin port is for, as the help tells it */
export function withListenOptions (command: Command, admin: string): Command {
  return command
    .option('-p, --port <port>', 'listen on this port, instead of those of the file', toPort)
    .option('--host <address>', 'listen on this address, instead of those of the file')
    .option('--admin-port <port>', admin, toAdminPort)
}

/** Those that were given. */
export function overridesOf ({ port, host, adminPort }: ListenFlags): Overrides {
  return {
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
    ...(adminPort === undefined ? {} : { adminPort })
  }
}

function toPort (text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65535) throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 picks a free one.')
  return port
}

function toAdminPort (text: string): number | 'off' {
  return text === 'off' ? text : toPort(text)
}
