export const items = Array.from({ length: 20 }, (_, index) => ({
  id: index + 1,
  title: `Item ${index + 1}`,
}));
