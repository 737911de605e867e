/** The shared sources import files with their extension, as ES modules do. */
module.exports = (options) => ({
  ...options,
  resolve: { ...options.resolve, extensionAlias: { '.js': ['.ts', '.js'] } },
});
