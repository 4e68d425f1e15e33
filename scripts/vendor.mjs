// Copies the built files of the packages in package-lock.json to static/vendor, where they are committed:
// neither running nor testing the product needs npm. Run `npm ci --ignore-scripts && npm run vendor`.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const modules = "node_modules";
const target = join("static", "vendor");

const versionOf = (name) => JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8")).version;

function fresh(name) {
  const folder = join(target, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "VERSION"), `${versionOf(name)}\n`);
  return folder;
}

function vendorKatex() {
  const dist = join(modules, "katex", "dist");
  const folder = fresh("katex");
  cpSync(join(dist, "katex.min.js"), join(folder, "katex.min.js"));
  cpSync(join(modules, "katex", "LICENSE"), join(folder, "LICENSE"));
  // `swap`: on a slow line a formula is readable in a fallback font at once instead of invisible for seconds.
  // Every browser we serve reads woff2; a reference to a file that is not there would stop collectstatic.
  const css = readFileSync(join(dist, "katex-swap.min.css"), "utf8").replace(
    /,url\(fonts\/[\w-]+\.(?:woff|ttf)\) format\("\w+"\)/g,
    "",
  );
  writeFileSync(join(folder, "katex.min.css"), css);
  mkdirSync(join(folder, "fonts"));
  for (const font of readdirSync(join(dist, "fonts")).filter((name) => name.endsWith(".woff2"))) {
    cpSync(join(dist, "fonts", font), join(folder, "fonts", font));
  }
}

function vendorIdbKeyval() {
  const folder = fresh("idb-keyval");
  cpSync(join(modules, "idb-keyval", "dist", "index.js"), join(folder, "idb-keyval.js"));
  cpSync(join(modules, "idb-keyval", "LICENCE"), join(folder, "LICENCE"));
}

vendorKatex();
vendorIdbKeyval();
