// Relative imports end in .js, as Node wants them; in tests they stand for the .ts file beside it.
module.exports = (request, options) => {
  const own = !options.basedir.includes('/node_modules/');
  if (own && /^\.{1,2}\/.*\.js$/.test(request)) {
    try {
      return options.defaultResolver(request.replace(/\.js$/, '.ts'), options);
    } catch {
      // a real .js file
    }
  }
  return options.defaultResolver(request, options);
};
