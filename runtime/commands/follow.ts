// `-f`: what a stream brings, for as long as --timeout says.

/** Ends with the stream, or when the time is over. What is asked for then is given up: the process ends anyway. */
export async function* followFor<Event>(events: AsyncGenerator<Event>, timeoutMs: number | undefined): AsyncGenerator<Event> {
  if (timeoutMs === undefined) {
    yield* events
    return
  }
  const late = Promise.withResolvers<'late'>()
  const timer = setTimeout(late.resolve, timeoutMs, 'late')
  try {
    for (;;) {
      const next = await Promise.race([events.next(), late.promise])
      if (next === 'late' || next.done === true) return
      yield next.value
    }
  } finally {
    clearTimeout(timer)
  }
}
