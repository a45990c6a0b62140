// How much of everything: little in `make test`, what the figures are about in `make endurance` and `make soak`.

const amount = (name: string, short: number): number => Number(process.env[name] ?? short)

export const AMOUNTS = {
  /** Of the soak. */
  minutes: amount('MINUTES', 0.5),
  /** Random numbers of the soak. */
  seed: amount('SEED', Date.now() % 1_000_000),
  /** Crashes and restarts. */
  cycles: amount('CYCLES', 150),
  /** Of each way to end a bundle. */
  repetitions: amount('REPETITIONS', 3),
  gigabytes: amount('GIGABYTES', 0.4),
  orphans: amount('ORPHANS', 1000),
  requests: amount('REQUESTS', 10_000),
  restarts: amount('RESTARTS', 20),
  clients: amount('CLIENTS', 1000),
}

/** Enough for everything that is done; nothing is waited for longer than it takes. */
export const LONG_MS = 24 * 3_600_000
