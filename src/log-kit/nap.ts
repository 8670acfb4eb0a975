/** A pause before the next try, which the end cuts short. It keeps no process from ending. */
export class Nap {
  #wake: (() => void) | null = null

  async take (milliseconds: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, milliseconds).unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = null
  }

  end (): void {
    this.#wake?.()
  }
}
