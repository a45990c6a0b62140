// Rows -> tests, each with a host of its own: side by side, as they wait more than they work.
import { expect, test } from 'vitest'

import { createHost } from './daemon.ts'
import type { Row } from './row.ts'

export const runRows = (rows: readonly Row[]): void => {
  for (const { number, behaviour, test: check } of rows) {
    if (check === undefined) continue
    test.concurrent(`${number}. ${behaviour}`, async () => {
      expect(await explainFailure(check)).toBe('')
    })
  }
}

/** Empty when it is so. */
const explainFailure = async (check: NonNullable<Row['test']>): Promise<string> => {
  const host = createHost()
  try {
    await check(host)
    return ''
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  } finally {
    await host.dispose()
  }
}
