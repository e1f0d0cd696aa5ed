// From the innermost to the outermost: a file imports from its own layer and from those above it in this list.
const layers = [
  'core',
  'core/scope',
  'core/sql',
  'errors',
  'policy',
  'monitor',
  'pool',
  'health',
  'metrics',
  'migrate',
  'backup',
  'compose',
  'express',
  'cli',
];
const entryPoints = '^lib/(index|testing/index|migrate/index|backup/index)[.]ts$';

const folder = (layer) => `^lib/${layer}/${layer === 'core' ? '[^/]+$' : ''}`;

const outwards = layers.slice(0, -1).map((layer, index) => ({
  name: `${layer}-imports-outwards`,
  severity: 'error',
  from: { path: folder(layer) },
  to: { path: layers.slice(index + 1).map(folder) },
}));

export default {
  forbidden: [
    ...outwards,
    {
      name: 'layer-unknown',
      comment: 'A new folder of lib/ needs its place in the list of layers.',
      severity: 'error',
      from: { path: '^lib/.+/', pathNot: [...layers.map(folder), '^lib/testing/'] },
      to: {},
    },
    {
      name: 'testing-stands-alone',
      severity: 'error',
      from: { path: '^lib/testing/' },
      to: { path: '^lib/', pathNot: ['^lib/testing/', folder('core')] },
    },
    {
      name: 'nobody-imports-testing',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/testing/' },
      to: { path: '^lib/testing/' },
    },
    {
      name: 'nobody-imports-index',
      severity: 'error',
      from: { path: '^lib/.+/' },
      to: { path: '^lib/index[.]ts$' },
    },
    {
      name: 'lib-imports-from-outside',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^[^/]+', pathNot: ['^lib/', '^node_modules/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'lib-imports-development-package',
      comment: 'What lib/ imports, an application has to have: a dependency or a peer.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['npm-peer', 'npm', 'type-only'] },
    },
    {
      name: 'express-is-a-type',
      comment: 'A worker has no express installed.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^node_modules/express/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'private-import',
      comment:
        'Who is not a test knows the package by its entry points; what our parts cost is measured on the parts, and ' +
        'hundreds of instances on a clock that does not wait are made of them.',
      severity: 'error',
      from: {
        path: '^(examples|scripts|bench)/',
        pathNot: ['^bench/pool/parts/', '^bench/circuit/fleet/', '^bench/monitor/'],
      },
      to: { path: '^lib/', pathNot: entryPoints },
    },
    {
      name: 'not-resolvable',
      severity: 'error',
      from: { path: '^(lib|test|examples|scripts|bench)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'circle-at-run-time',
      comment: 'In a layer, type imports may close a circle: they are gone in the compiled code.',
      severity: 'error',
      from: { path: '^dist/lib/' },
      to: { circular: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default'] },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(coverage|dist/(?!lib(/|$))|test/package/consumers)' },
  },
};
