// Next downloads the fonts of the generated layout from Google. The tests do not depend on that.
const families = { Geist: 'Geist:wght@100..900', 'Geist Mono': 'Geist+Mono:wght@100..900' };
module.exports = Object.fromEntries(
  Object.entries(families).map(([name, query]) => [
    `https://fonts.googleapis.com/css2?family=${query}&display=swap`,
    `@font-face { font-family: '${name}'; font-style: normal; font-weight: 100 900; src: local('sans-serif'); }`,
  ]),
);
