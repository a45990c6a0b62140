// Network addresses as users write them: host:port, [v6]:port and :port (every interface).

export type Address = { readonly host: string; readonly port: number }

export const parseAddress = (text: string): Address | undefined => {
  const address = parseBindAddress(text)
  return address === undefined || address.port === 0 ? undefined : address
}

/** Where something may listen: with port 0 the kernel chooses one. */
export const parseBindAddress = (text: string): Address | undefined => {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3] ?? Number.NaN)
  return match === null || port > 65_535 ? undefined : { host: match[1] ?? match[2] ?? '', port }
}

/** 1 to 65535: a port that somebody else can be told about. */
export const parsePort = (text: string): number | undefined => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

export const renderAddress = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** Whether two listeners exclude each other; a name may stand for any address, so that only the same one does. */
export const isSameListener = (left: Address, right: Address): boolean => {
  if (left.port !== right.port || left.port === 0) return false
  const [one, other] = [canonicalHost(left.host), canonicalHost(right.host)]
  if (one === other || one === '' || other === '') return true
  return isWildcardFor(one, other) || isWildcardFor(other, one)
}

const canonicalHost = (host: string): string => (host.toLowerCase() === 'localhost' ? '127.0.0.1' : host.toLowerCase())

const isWildcardFor = (wildcard: string, host: string): boolean =>
  (wildcard === '0.0.0.0' && /^[\d.]+$/.test(host)) || (wildcard === '::' && host.includes(':'))
