// Network addresses as users write them: host:port, [v6]:port and :port (every interface).

export type Address = { readonly host: string; readonly port: number }

export const parseAddress = (text: string): Address | undefined => {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?):(\d{1,5})$/.exec(text)
  const port = parsePort(match?.[3] ?? '')
  if (match === null || port === undefined) return undefined
  return { host: match[1] ?? match[2] ?? '', port }
}

/** 1 to 65535: a port that somebody else can be told about. */
export const parsePort = (text: string): number | undefined => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}
