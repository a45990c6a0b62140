// Names that no record of ours can hold: what somebody calls "__proto__" would be lost without a word on its way.

/** The places of all of them. Pieces of JSON only, as deep as a reader of JSON goes. */
export const findUnusableKeys = (value: unknown): readonly string[] => {
  const found: string[] = []
  const left: Place[] = [{ path: '', value }]
  for (let place = left.pop(); place !== undefined; place = left.pop()) {
    if (typeof place.value !== 'object' || place.value === null) continue
    for (const [key, inner] of Object.entries(place.value)) {
      const path = place.path === '' ? key : `${place.path}.${key}`
      if (key === UNUSABLE) found.push(path)
      else left.push({ path, value: inner })
    }
  }
  return found
}

export const renderUnusable = (path: string): string => `${path}: nothing can be called "${UNUSABLE}"`

type Place = { readonly path: string; readonly value: unknown }

const UNUSABLE = '__proto__'
