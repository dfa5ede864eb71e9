// Writes SVGs of fourteen DiceBear styles by fourteen artists, and a JSON line for each to standard output.
//
//   node tools/dicebear_works.mjs NODE_MODULES OUT_DIR PER_STYLE
//
// Artist, licence and source are the package's own words. The same package version gives the same files.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// One style an artist; styles by several artists or without parts (initials, shapes) are left out.
const STYLES = [
  "adventurer", "avataaars", "bigEars", "bigSmile", "croodles", "dylan", "funEmoji",
  "icons", "micah", "miniavs", "notionists", "personas", "pixelArt", "toonHead",
];
const NO_PART = /Color$|^background|^base$|^style$/;
const TRIES = 20; // seeds for each work before a style counts as exhausted

const words = (text) =>
  text.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();

function parts(extra) {
  return Object.entries(extra)
    .filter(([name, value]) => value && value !== "default" && value !== name && !NO_PART.test(name))
    .map(([name, value]) => `${words(name)} ${words(String(value))}`);
}

function* worksOf(name, style, createAvatar, count) {
  const seen = new Set();
  for (let seed = 0; seen.size < count; seed += 1) {
    if (seed >= TRIES * count) {
      throw new Error(`${name} has only ${seen.size} different avatars in ${seed} seeds; ask for fewer than ${count}`);
    }
    const { svg, extra } = createAvatar(style, { seed: `${name} ${seed}`, size: 128 }).toJson();
    if (seen.has(svg)) continue;
    seen.add(svg);
    yield { svg, parts: parts(extra), number: seen.size - 1 };
  }
}

const [modules, outDir, perStyle] = process.argv.slice(2);
const open = (name) => import(pathToFileURL(join(modules, "@dicebear", name, "lib", "index.js")).href);
const { createAvatar } = await open("core");
const collection = await open("collection");
for (const name of STYLES) {
  const { meta } = collection[name];
  mkdirSync(join(outDir, "svg", name), { recursive: true });
  for (const { svg, parts, number } of worksOf(name, collection[name], createAvatar, Number(perStyle))) {
    const file = `svg/${name}/${String(number).padStart(4, "0")}.svg`;
    writeFileSync(join(outDir, file), svg);
    console.log(JSON.stringify({
      file, artist: meta.creator, title: `${words(name)} avatar`, tags: parts,
      licence: meta.license.name, source: meta.source,
    }));
  }
}
