// Whether somebody else listens on a TCP port, found out by listening there for a moment.

import { createServer } from 'node:net'

export const isPortFree = async (port: number): Promise<boolean> => (await canListen(port, '::')) ?? (await canListen(port, '0.0.0.0')) ?? false

/** On both families when the host has IPv6; undefined: it has not. */
const canListen = (port: number, host: string): Promise<boolean | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve('code' in error && ABSENT.has(String(error.code)) ? undefined : false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })

const ABSENT: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EPROTONOSUPPORT'])
