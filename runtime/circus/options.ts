// Every option of circus with its default and its counterpart here. The mapping warns with these texts, and
// docs/circus.md is made of them.

export type CircusOption = {
  readonly name: string
  readonly default: string
  /** Its counterpart; of an option without effect, why it has none. */
  readonly text: string
  readonly hasNoEffect?: true
}

const CONTROL = 'the bundle is controlled by its own commands over a private Unix socket'
const STATS = 'no daemon is needed: `stats` and `top` ask the supervisor itself'
const PYTHON = 'there is no Python in the supervisor'

/** [circus] */
export const CIRCUS_OPTIONS: readonly CircusOption[] = [
  { name: 'include', default: '', text: 'the same: globs relative to the file; one that finds nothing is a warning' },
  { name: 'include_dir', default: '', text: 'the same: every `*.ini` of these directories' },
  { name: 'check_delay', default: '5', text: 'nothing is polled; it limits `restartDelayMax` and widens the window of flapping, as in circus' },
  { name: 'umask', default: 'inherited', text: '`umask` of every process' },
  { name: 'pidfile', default: '', text: '`pidFile`' },
  {
    name: 'warmup_delay',
    default: '0',
    text: 'watchers start in the order of their priority, those with `dependsOn` when the others are ready',
    hasNoEffect: true,
  },
  { name: 'endpoint', default: 'tcp://127.0.0.1:5555', text: CONTROL, hasNoEffect: true },
  { name: 'endpoint_owner', default: '', text: CONTROL, hasNoEffect: true },
  { name: 'pubsub_endpoint', default: 'tcp://127.0.0.1:5556', text: '`events` shows what happens, over the control socket', hasNoEffect: true },
  { name: 'multicast_endpoint', default: 'udp://237.219.251.97:12027', text: 'nobody outside of this host may find the bundle', hasNoEffect: true },
  { name: 'statsd', default: 'False', text: STATS, hasNoEffect: true },
  { name: 'stats_endpoint', default: 'tcp://127.0.0.1:5557', text: STATS, hasNoEffect: true },
  { name: 'statsd_close_outputs', default: 'False', text: STATS, hasNoEffect: true },
  { name: 'stream_backend', default: 'thread', text: 'there is one way to read streams', hasNoEffect: true },
  { name: 'httpd', default: 'False', text: 'the web console belongs to circus', hasNoEffect: true },
  { name: 'httpd_host', default: 'localhost', text: 'the web console belongs to circus', hasNoEffect: true },
  { name: 'httpd_port', default: '8080', text: 'the web console belongs to circus', hasNoEffect: true },
  { name: 'httpd_close_outputs', default: 'False', text: 'the web console belongs to circus', hasNoEffect: true },
  { name: 'debug', default: 'False', text: 'streams go to standard output anyway, unless a file is named', hasNoEffect: true },
  { name: 'debug_gc', default: 'False', text: PYTHON, hasNoEffect: true },
  { name: 'loglevel', default: 'INFO', text: 'what the supervisor itself has to say is little, and goes to standard error', hasNoEffect: true },
  { name: 'logoutput', default: '-', text: 'what the supervisor itself has to say goes to standard error', hasNoEffect: true },
  { name: 'loggerconfig', default: '', text: PYTHON, hasNoEffect: true },
  { name: 'fqdn_prefix', default: '', text: 'the statistics of a bundle never leave its host', hasNoEffect: true },
  { name: 'papa_endpoint', default: '', text: 'papa belongs to circus; declared sockets stay open across restarts anyway', hasNoEffect: true },
]

/** [watcher:NAME] */
export const WATCHER_OPTIONS: readonly CircusOption[] = [
  { name: 'cmd', default: '', text: '`command`, in words as a shell would split it' },
  { name: 'args', default: '', text: '`command`, after those of cmd' },
  { name: 'executable', default: '', text: '`program`' },
  {
    name: 'shell',
    default: 'False',
    text: '`command` is /bin/sh -c with cmd and args as they are written: variables, pipes and globs work, which circus quotes away',
  },
  { name: 'shell_args', default: '', text: 'further words for the shell' },
  { name: 'working_dir', default: "circusd's", text: '`workingDirectory`' },
  { name: 'uid', default: "circusd's", text: '`user`' },
  { name: 'gid', default: 'that of uid', text: '`group`' },
  { name: 'copy_env', default: 'False', text: '`copyEnv`; without it a process has what is declared, and PATH, HOME, USER, LANG, TZ and the like' },
  { name: 'copy_path', default: 'False', text: PYTHON, hasNoEffect: true },
  { name: 'numprocesses', default: '1', text: '`numprocesses`' },
  { name: 'warmup_delay', default: '0', text: '`warmupDelay`' },
  { name: 'autostart', default: 'True', text: '`autostart`' },
  { name: 'rlimit_NAME', default: 'inherited', text: '`rlimits`, soft and hard; nothing means unlimited' },
  {
    name: 'stdout_stream.*',
    default: 'standard output',
    text: '`stdout`: FileStream, WatchedFileStream and TimedRotatingFileStream a file, StdoutStream and FancyStdoutStream the log',
  },
  { name: 'stderr_stream.*', default: 'standard error', text: '`stderr`, likewise' },
  { name: 'close_child_stdin', default: 'True', text: '`stdin` is /dev/null or a socket; False has no effect' },
  { name: 'close_child_stdout', default: 'False', text: '`stdout = "null"`' },
  { name: 'close_child_stderr', default: 'False', text: '`stderr = "null"`' },
  { name: 'stdin_socket', default: '', text: '`stdin.socket`' },
  { name: 'send_hup', default: 'False', text: '`reload.signal = "SIGHUP"`' },
  { name: 'stop_signal', default: 'SIGTERM', text: '`stopSignal`' },
  {
    name: 'stop_children',
    default: 'False',
    text: '`stopChildren`: the whole process group, not only the direct children; in the end nothing of a process is left either way',
  },
  { name: 'graceful_timeout', default: '30', text: '`gracefulTimeout`' },
  { name: 'max_retry', default: '5', text: '`maxRetry`, with growing pauses' },
  { name: 'respawn', default: 'True', text: '`restart`: always or never' },
  { name: 'priority', default: '0', text: '`priority`' },
  { name: 'singleton', default: 'False', text: '`singleton`' },
  { name: 'use_sockets', default: 'False', text: '`sockets`: all of the file; $(circus.sockets.NAME) is the descriptor' },
  { name: 'max_age', default: '0', text: '`maxAge`' },
  { name: 'max_age_variance', default: '30', text: '`maxAgeVariance`, drawn once per run' },
  { name: 'on_demand', default: 'False', text: '`onDemand`' },
  {
    name: 'hooks.*',
    default: '',
    text: '`hooks`, as commands: the first word holds a slash. A Python function cannot be called: an error, or a warning with ",true" (ignore failures) behind it',
  },
  { name: 'flapping.*', default: "the plugin's", text: '`flapping`' },
  { name: 'check_flapping', default: 'True', text: 'False: without `flapping`' },
  { name: 'virtualenv', default: '', text: 'set PATH and PYTHONPATH in an [env:NAME] section instead', hasNoEffect: true },
  { name: 'virtualenv_py_ver', default: '', text: 'set PATH and PYTHONPATH in an [env:NAME] section instead', hasNoEffect: true },
  { name: 'stream_backend', default: 'thread', text: 'there is one way to read streams', hasNoEffect: true },
  { name: 'use_papa', default: 'False', text: 'papa belongs to circus; declared sockets stay open across restarts anyway', hasNoEffect: true },
]

/** [socket:NAME] */
export const SOCKET_OPTIONS: readonly CircusOption[] = [
  { name: 'host', default: 'localhost', text: '`tcp` or `udp`' },
  { name: 'port', default: '8080', text: '`tcp` or `udp`; 0 takes a free one, which `listsockets` tells' },
  { name: 'path', default: '', text: '`unix` or `unixgram`' },
  { name: 'family', default: 'AF_INET', text: 'as host and path say' },
  { name: 'type', default: 'SOCK_STREAM', text: 'SOCK_STREAM and SOCK_DGRAM; others are refused' },
  { name: 'interface', default: '', text: '`interface`' },
  { name: 'umask', default: 'none', text: '`umask`, octal (circus reads a decimal number, its documentation an octal one)' },
  { name: 'replace', default: 'False', text: '`replace`' },
  { name: 'so_reuseport', default: 'False', text: '`reusePort`' },
  { name: 'backlog', default: '2048', text: '`backlog`' },
  { name: 'blocking', default: 'False', text: 'sockets are passed as the kernel makes them: blocking, until the program says otherwise', hasNoEffect: true },
  { name: 'proto', default: 'by type', text: 'the type says it already', hasNoEffect: true },
  { name: 'use_papa', default: 'False', text: 'papa belongs to circus', hasNoEffect: true },
]

/** [plugin:NAME], by the end of `use`. */
export const PLUGIN_OPTIONS: Readonly<Record<string, readonly CircusOption[]>> = {
  'flapping.Flapping': [
    { name: 'attempts', default: '2', text: '`flapping.attempts`' },
    { name: 'window', default: '1', text: '`flapping.window`, with check_delay added as circus does' },
    { name: 'retry_in', default: '7', text: '`flapping.retryIn`' },
    { name: 'max_retry', default: '5', text: '`flapping.maxRetry`' },
    { name: 'active', default: 'True', text: 'False: without `flapping`' },
  ],
  'resource_watcher.ResourceWatcher': [
    { name: 'watcher', default: '', text: 'the process; `service` means the same' },
    { name: 'service', default: '', text: 'watcher' },
    { name: 'max_cpu', default: '90', text: '`resources.maxCpu`, of each instance: only that one is restarted' },
    { name: 'min_cpu', default: '', text: '`resources.minCpu`' },
    { name: 'max_mem', default: '90', text: '`resources.maxMemory`, a share or a size' },
    { name: 'min_mem', default: '', text: '`resources.minMemory`' },
    { name: 'max_count', default: '3', text: '`resources.maxCount`; circus acts at one breach more' },
    { name: 'process_children', default: 'False', text: '`resources.children`: what they use is added' },
    { name: 'loop_rate', default: '60', text: '`resources.interval`' },
    { name: 'health_threshold', default: '75', text: 'the mean of two percentages says nothing: set max_cpu or max_mem', hasNoEffect: true },
    { name: 'child_signal', default: 'SIGTERM', text: 'the instance is restarted with its children', hasNoEffect: true },
  ],
  'watchdog.WatchDog': [
    { name: 'loop_rate', default: '60', text: '`heartbeats.interval`' },
    { name: 'max_count', default: '3', text: '`heartbeats.maxCount`' },
    { name: 'watchers_regex', default: '.*', text: '`heartbeats.processes`' },
    { name: 'msg_regex', default: '^(?P<pid>.*);(?P<timestamp>.*)$', text: '`heartbeats.pattern`' },
    { name: 'ip', default: '127.0.0.1', text: '`heartbeats.udp`' },
    { name: 'port', default: '1664', text: '`heartbeats.udp`' },
    { name: 'watchers_stop_signal', default: '', text: 'who is silent hangs: SIGKILL is what helps', hasNoEffect: true },
    { name: 'watchers_stop_children', default: '', text: 'nothing of a process is left in the end', hasNoEffect: true },
  ],
  'http_observer.HttpObserver': [
    { name: 'check_url', default: 'http://localhost/', text: '`liveness.http`' },
    { name: 'timeout', default: '10', text: '`liveness.timeout`' },
    { name: 'restart_on_error', default: '', text: 'the process; without it there is nothing to do' },
    { name: 'loop_rate', default: '60', text: '`liveness.interval`' },
  ],
  'redis_observer.RedisObserver': [
    {
      name: 'redis_url',
      default: 'redis://localhost:6379/0',
      text: '`liveness.redis`: that it answers PING, also without the password; through TLS that it accepts connections',
    },
    { name: 'timeout', default: '5', text: '`liveness.timeout`' },
    { name: 'restart_on_timeout', default: '', text: 'the process; without it there is nothing to do' },
    { name: 'loop_rate', default: '60', text: '`liveness.interval`' },
  ],
  'command_reloader.CommandReloader': [
    { name: 'use_working_dir', default: 'False', text: 'a relative program is looked for in its working directory either way' },
    { name: 'loop_rate', default: '1', text: 'the kernel tells when the file changes: nothing is polled', hasNoEffect: true },
  ],
}

/** What plugins share: their statistics go nowhere, and they are no processes here. */
export const ANY_PLUGIN_OPTIONS: readonly CircusOption[] = [
  { name: 'use', default: '', text: 'one of circus.plugins; a class of somebody else cannot run here: a warning' },
  ...['priority', 'singleton', 'copy_env', 'copy_path', 'stdout_stream.*', 'stderr_stream.*'].map((name): CircusOption => ({
    name,
    default: '',
    text: 'a plugin is a part of the supervisor here, no process',
    hasNoEffect: true,
  })),
  ...['host', 'port', 'sample_rate', 'application_name'].map((name): CircusOption => ({
    name,
    default: '',
    text: 'nothing is sent to a statsd',
    hasNoEffect: true,
  })),
]

/** An option of a table that ends in `*` stands for all that begin like it; rlimit_NAME likewise. */
export const findOption = (options: readonly CircusOption[], key: string): CircusOption | undefined =>
  options.find(({ name }) => {
    const prefix = /^(.*?)(?:\*|NAME)$/.exec(name)?.[1]
    return prefix === undefined ? name === key : key.startsWith(prefix)
  })
