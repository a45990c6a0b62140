// What most bundles declare. Only functions that it makes run are compiled beforehand.

export const EXAMPLE_MANIFEST = {
  version: 1,
  name: 'example',
  env: {
    EXAMPLE_ADDRESS: { type: 'address', default: 'localhost:8000' },
    EXAMPLE_COUNT: { type: 'integer', default: 2, min: 1, max: 9 },
    EXAMPLE_DIRECTORY: { type: 'directory', default: '.' },
    EXAMPLE_NAME: { type: 'string', default: 'example' },
    EXAMPLE_SECRET: { type: 'secret', default: 'example' },
  },
  files: { 'example.conf': { text: 'name @{nixpack:env.EXAMPLE_NAME}\nsocket "@{nixpack:dir.run}/socket"\ndir @{nixpack:env.EXAMPLE_DIRECTORY|quote}\n' } },
  sockets: { web: { tcp: '@{nixpack:env.EXAMPLE_ADDRESS}' } },
  processes: {
    first: { command: ['/bin/first', '@{nixpack:file.example.conf}'], ready: { logLine: 'ready' } },
    second: {
      command: ['/bin/second', '--count', '@{nixpack:env.EXAMPLE_COUNT}'],
      environment: { NAME: '@{nixpack:env.EXAMPLE_NAME}' },
      dependsOn: { first: 'ready' },
      sockets: ['web'],
      ready: { tcp: '@{nixpack:env.EXAMPLE_ADDRESS}' },
      stdout: { file: '@{nixpack:dir.log}/second.log' },
    },
  },
}
