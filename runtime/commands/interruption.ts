// Waiting for one thing after the other until something ends it all. Promise.race would leave a reaction with what
// lasts for each of them, as long as that lasts.

export type Interruptible<End> = <Value>(awaited: Promise<Value>) => Promise<Value | End>

/** For one wait at a time; `end` must not reject. */
export const createInterruptible = <End>(end: Promise<End>): Interruptible<End> => {
  let wake: (() => void) | undefined
  let ended: { readonly value: End } | undefined
  void end.then((value) => {
    ended = { value }
    wake?.()
  })
  return (awaited) =>
    new Promise((resolve, reject) => {
      wake = () => {
        if (ended !== undefined) resolve(ended.value)
      }
      wake()
      awaited.then(resolve, reject)
    })
}
