// What a child says about itself over NOTIFY_SOCKET (sd_notify), one datagram as a record.

export type NotifyMessage = {
  /** Of the sender, from the kernel; not necessarily the child itself. */
  readonly pid: number
  readonly ready?: true
  readonly reloading?: true
  readonly stopping?: true
  readonly status?: string
  readonly watchdog?: true | 'trigger'
  readonly extendTimeoutUs?: number
  readonly mainPid?: number
  readonly errno?: number
}

/** Unknown fields and values that are no numbers are left out: a program may speak a newer protocol than ours. */
export const parseNotifyFields = (pid: number, fields: readonly string[]): NotifyMessage => {
  const values = new Map(fields.map((field) => splitField(field)))
  const status = values.get('STATUS')
  const watchdog = values.get('WATCHDOG')
  return {
    pid,
    ...(values.get('READY') === '1' && { ready: true }),
    ...(values.get('RELOADING') === '1' && { reloading: true }),
    ...(values.get('STOPPING') === '1' && { stopping: true }),
    ...(status !== undefined && { status: renderText(status) }),
    ...(watchdog === '1' && { watchdog: true }),
    ...(watchdog === 'trigger' && { watchdog }),
    ...numberField('extendTimeoutUs', values.get('EXTEND_TIMEOUT_USEC')),
    ...numberField('mainPid', values.get('MAINPID')),
    ...numberField('errno', values.get('ERRNO')),
  }
}

/** It is shown on terminals, which it must not command. */
const renderText = (status: string): string => status.replaceAll(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, '?')

const splitField = (field: string): readonly [string, string] => {
  const equals = field.indexOf('=')
  return equals < 0 ? [field, ''] : [field.slice(0, equals), field.slice(equals + 1)]
}

const numberField = (name: 'extendTimeoutUs' | 'mainPid' | 'errno', text: string | undefined): Pick<NotifyMessage, typeof name> =>
  text !== undefined && /^\d{1,15}$/.test(text) ? { [name]: Number(text) } : {}
