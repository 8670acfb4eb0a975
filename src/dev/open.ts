import { spawn } from 'node:child_process'

const COMMANDS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  // the empty text is the window's title
  win32: ['cmd', '/c', 'start', '']
}

/** Shows an address in the user's browser, where there is one: silent in any other case. */
export function openInBrowser (url: string, env: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform = process.platform): void {
  const [command, ...args] = COMMANDS[platform] ?? ['xdg-open']
  try {
    const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true, env: { ...env } })
    child.on('error', () => {})
    child.unref()
  } catch {
    // no such command
  }
}
