/** What has to be done at the end of a turn of the event loop. */
export interface Task {
  /** Must not throw. */
  run (): void
}

/**
 * Collects what is to be sent, and does it at the end of the event loop's turn, one after the other.
 *
 * A turn under load brings dozens of requests and answers. Sent one by one between reading and parsing, each finds the other
 * side asleep, and to wake a process on another core is what costs most of a write: 15 % of the CPU of a hop. Nothing waits
 * longer than the turn lasts; where nothing else is to be done, that is no time at all.
 */
export class Turn {
  #tasks: Task[] = []

  readonly #run = (): void => {
    const tasks = this.#tasks
    this.#tasks = []
    for (const task of tasks) task.run()
  }

  add (task: Task): void {
    if (this.#tasks.push(task) === 1) setImmediate(this.#run)
  }
}
