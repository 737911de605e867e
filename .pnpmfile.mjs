/** The export condition of sources is for this repository: published packages contain no sources. */
function withoutSources(value) {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== '@countersign/source')
      .map(([name, nested]) => [name, withoutSources(nested)]),
  );
}

export const hooks = {
  beforePacking(manifest) {
    for (const field of ['exports', 'imports']) {
      if (manifest[field] !== undefined) manifest[field] = withoutSources(manifest[field]);
    }
    return manifest;
  },
};
