/** The settings of a Node process that loads one of the modules beside this one first. @param module file name, built: `skewed-clock.js` */
export function preloaded(module: string, env: Readonly<Record<string, string>>): Record<string, string> {
  const options = [process.env.NODE_OPTIONS, `--import=${new URL(module, import.meta.url).href}`];
  return { ...env, NODE_OPTIONS: options.filter(Boolean).join(' ') };
}
