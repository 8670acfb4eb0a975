import { resolve } from 'node:path'
import { AddressSet, type PluginGateway, WatchedFile } from '../../src/plugin.ts'
import { parseList } from './list.ts'

/** Of a list's file, in bytes: a million ranges. */
export const LONGEST = 32 * 1024 * 1024

/** One list of an entry: what the file of the configuration says, and what the list's own file says now. */
export class Networks {
  #file: WatchedFile<AddressSet> | null = null
  #set: AddressSet

  /**
   * @param option name of the option with the list's file, for messages
   * @throws Error when the list's file can't be read, or holds something else
   */
  static async open (listed: readonly string[], option: string, path: string | undefined, gateway: Pick<PluginGateway, 'directory' | 'log'>): Promise<Networks> {
    const networks = new Networks(listed)
    if (path !== undefined) await networks.#watch(listed, option, path, gateway)
    return networks
  }

  private constructor (listed: readonly string[]) {
    this.#set = AddressSet.of(listed)
  }

  /** @returns null for what is no address */
  has (address: string): boolean | null {
    return this.#set.has(address)
  }

  /** Looks at the list's file now. */
  async check (): Promise<void> {
    await this.#file?.check()
  }

  close (): void {
    this.#file?.close()
  }

  async #watch (listed: readonly string[], option: string, path: string, { directory, log }: Pick<PluginGateway, 'directory' | 'log'>): Promise<void> {
    try {
      this.#file = await WatchedFile.open({
        file: resolve(directory, path),
        limit: LONGEST,
        parse: async text => new AddressSet(await parseList(text, listed)),
        changed: set => {
          this.#set = set
          log.info({ option, file: path, ranges: set.size }, 'a list of addresses was read again')
        },
        failed: error => {
          log.error({ option, file: path, reason: error.message }, 'a list of addresses has changed and is not used: the old one stays')
        }
      })
    } catch (error) {
      throw new Error(`\`${option}\` '${path}': ${(error as Error).message}`)
    }
    this.#set = this.#file.value
  }
}
