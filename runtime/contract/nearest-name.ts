// The suggestion behind every "unknown name": the closest known one, if it is close enough to be a slip of the hand.

/** The candidate that `name` was probably meant to be; undefined when nothing is near. */
export const resolveNearestName = (name: string, candidates: Iterable<string>): string | undefined => {
  const limit = Math.min(3, Math.max(1, Math.floor(name.length / 3)))
  let nearest: string | undefined
  let nearestDistance = limit + 1
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate, limit)
    if (distance < nearestDistance) {
      nearest = candidate
      nearestDistance = distance
    }
  }
  return nearest
}

/** The tail of a message: `, did you mean "x"?` or nothing. */
export const renderSuggestion = (name: string, candidates: Iterable<string>): string => {
  const nearest = resolveNearestName(name, candidates)
  return nearest === undefined ? '' : `, did you mean "${nearest}"?`
}

/**
 * Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours each cost 1. Above the limit
 * the answer is only that it is above; most names are so far apart that this is known after a few letters.
 */
export const editDistance = (left: string, right: string, limit: number): number => {
  if (Math.abs(left.length - right.length) > limit) return limit + 1
  let beforePrevious: readonly number[] = []
  let previous: readonly number[] = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row += 1) {
    const current: number[] = [row]
    let lowest = row
    for (let column = 1; column <= right.length; column += 1) {
      const cost = left[row - 1] === right[column - 1] ? 0 : 1
      const swapped = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      const distance = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + cost,
        swapped ? at(beforePrevious, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
      current[column] = distance
      lowest = Math.min(lowest, distance)
    }
    // A row's minimum grows by at most 1 per row, so that no swap leads back below the limit.
    if (lowest > limit) return limit + 1
    beforePrevious = previous
    previous = current
  }
  return at(previous, right.length)
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY
