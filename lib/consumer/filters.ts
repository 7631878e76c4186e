/** A group's subject filters as the one test the store runs over subject bytes. They never overlap, so no record passes twice. */
export { compileFilters } from "../filter.ts";
