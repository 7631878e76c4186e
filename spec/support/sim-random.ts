/** The seeded randomness of simulations; it lives with the conformance suites, which are published. */
export { SeededRandom as SimRandom } from "../conformance/seeded-random.ts";
