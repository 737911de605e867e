/** The defaults of the CLI do not know the modules of Node that exist only with the prefix `node:`. */
module.exports = (options) => ({
  ...options,
  externals: [...options.externals, { 'node:test': 'module node:test' }],
});
