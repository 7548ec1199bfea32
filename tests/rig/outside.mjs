// Imports a package from where tests/run installed it, outside of the checkout.
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export function outside(name) {
  const modules = process.env.CASTGATE_TEST_NODE_MODULES;
  if (!modules) throw new Error('CASTGATE_TEST_NODE_MODULES is not set: `tests/run` sets it');
  const found = createRequire(path.join(modules, 'here.js')).resolve(name);
  return import(pathToFileURL(found).href);
}
