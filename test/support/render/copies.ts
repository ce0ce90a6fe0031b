import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../../../lab/lab.ts'
import { databaseUrl, withClient } from '../database.ts'
import type { Instance } from './instance.ts'

interface Checkpoint {
  readonly instanceId: string
  readonly at: Date
  readonly database: string
}

/** States of databases that can be recovered: real copies in the lab, each of one instant. */
export class Copies {
  readonly #lab: Lab
  readonly #checkpoints: Checkpoint[] = []
  readonly #made: string[] = []

  constructor(lab: Lab) {
    this.#lab = lab
  }

  /** Keeps what the database holds now as its state at an instant, which may lie in the past. */
  async keep({ id, database }: Instance, at: Date): Promise<void> {
    this.#checkpoints.push({ instanceId: id, at, database: await this.#copy(database) })
  }

  /** A new database with the last state that is not later; undefined where none was kept. */
  async recover(instanceId: string, at: Date): Promise<string | undefined> {
    const own = this.#checkpoints.filter(checkpoint => checkpoint.instanceId === instanceId)
    const last = own
      .filter(checkpoint => checkpoint.at <= at)
      .toSorted((a, b) => a.at.getTime() - b.at.getTime())
    const found = last.at(-1)
    return found === undefined ? undefined : await this.#copy(found.database)
  }

  async drop(database: string): Promise<void> {
    await this.#admin(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  }

  async dropAll(): Promise<void> {
    for (const database of this.#made) await this.drop(database)
  }

  /** A template must have no sessions, so that those of a service are ended. */
  async #copy(from: string): Promise<string> {
    const name = `render_${randomBytes(6).toString('hex')}`
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${from}'`)
        await this.#admin(`CREATE DATABASE ${name} TEMPLATE ${from}`)
        this.#made.push(name)
        return name
      } catch (error) {
        if (attempt >= 5) throw error
        await sleep(100)
      }
    }
  }

  async #admin(sql: string): Promise<void> {
    await withClient(databaseUrl(this.#lab, 'postgres'), client => client.query(sql))
  }
}
