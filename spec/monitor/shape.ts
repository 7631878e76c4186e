/** What scripts depend on in a JSON document: the names and types of its fields, whatever their values. */

export type Shape = string | readonly Shape[] | { readonly [name: string]: Shape };

/** Of a list, its first entry stands for all. */
export function shapeOf(value: unknown): Shape {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, shapeOf(field)]));
}

/** Every field of `wanted` that `given` lacks or has with another type, by its path. */
export function lacking(wanted: Shape, given: Shape | undefined, path = ""): string[] {
  if (given === undefined) return [`${path} is missing`];
  if (typeof wanted === "string") return given === wanted ? [] : [`${path} is ${JSON.stringify(given)}, not a ${wanted}`];
  if (Array.isArray(wanted)) {
    if (!Array.isArray(given)) return [`${path} is no list`];
    const [first] = wanted as readonly Shape[];
    return first === undefined ? [] : lacking(first, (given as readonly Shape[])[0], `${path}[]`);
  }
  if (typeof given === "string" || Array.isArray(given)) return [`${path} is no object`];
  return Object.entries(wanted).flatMap(([name, field]) => lacking(field, (given as Record<string, Shape>)[name], `${path}.${name}`));
}
