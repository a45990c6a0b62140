// `$(circus.NAME)` and `((circus.NAME))`, case-insensitive as circus has them, and `$NAME` in values of [env].

export type Environment = Readonly<Record<string, string>>

/** Undefined: unknown, the text stays as it is. */
export type Lookup = (name: string) => string | undefined

/** `unknown` is called for each name that means nothing. */
export const expandReferences = (text: string, lookup: Lookup, unknown: (source: string) => void): string =>
  text.replaceAll(/\$\(circus\.([\w.-]+)\)|\(\(circus\.([\w.-]+)\)\)/gi, (source: string, dollar?: string, round?: string) => {
    const value = lookup(dollar ?? round ?? '')
    if (value === undefined) unknown(source)
    return value ?? source
  })

/** For names such as env.HOME. */
export const lookupEnvironment =
  (environment: Environment): Lookup =>
  (name) => {
    const wanted = /^env\.(.+)$/i.exec(name)?.[1]
    return wanted === undefined ? undefined : resolveName(environment, wanted)
  }

/** An exact name first: circus cannot tell http_proxy from HTTP_PROXY. */
export const resolveName = <T>(values: Readonly<Record<string, T>>, wanted: string): T | undefined => {
  if (Object.hasOwn(values, wanted)) return values[wanted]
  const name = Object.keys(values).find((key) => key.toLowerCase() === wanted.toLowerCase())
  return name === undefined ? undefined : values[name]
}

/** Of upper-case names only, as in circus; a name that is not set becomes nothing. */
export const expandDollars = (text: string, lookup: Lookup, unset: (name: string) => void): string =>
  text.replaceAll(/\$([A-Z]+[A-Z0-9_]*)/g, (_source: string, name: string) => {
    const value = lookup(name)
    if (value === undefined) unset(name)
    return value ?? ''
  })
