// --timeout of commands that wait for something to happen.

/** Never resolves without one. Does not keep the process. */
export const createDeadline = (timeoutMs: number | undefined): Promise<'late'> =>
  new Promise((resolve) => {
    if (timeoutMs !== undefined) setTimeout(resolve, timeoutMs, 'late').unref()
  })
