/** `waystation route list`, `info`, `add`, `edit`, `test`, `enable`, `disable` and `delete`. */
import type { RouteView } from "../../lib/route/routes.ts";
import type { Trial } from "../../lib/route/trial.ts";
import { routeSubjects } from "../admin/route-requests.ts";
import { askBroker } from "./admin-request.ts";
import { usage } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { confirmed } from "./question.ts";
import { print, sheet, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

const fields = ["from", "where", "to", "description"] as const;

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const ask = (subject: string, body: object, show: (answer: unknown) => Promise<string> | string): Promise<number> =>
    askBroker(invocation, terminal, subject, body, (answer) => print(invocation, terminal, answer, () => show(answer)));
  const name = invocation.operands[0];
  switch (invocation.command.name) {
    case "route list":
      return askBroker(invocation, terminal, routeSubjects.list, {}, (answer) => {
        const { routes } = answer as { routes: RouteView[] };
        return print(invocation, terminal, routes, () => overview(routes));
      });
    case "route info":
      return ask(routeSubjects.info, { name }, (answer) => routeSheet(answer as RouteView));
    case "route add":
      return ask(routeSubjects.add, { name, ...given(invocation), enabled: !invocation.has("disabled") }, () => `${name} added\n`);
    case "route edit":
      return ask(routeSubjects.change, { name, ...given(invocation) }, () => `${name} changed\n`);
    case "route enable":
      return ask(routeSubjects.enable, { name }, () => `${name} is in force\n`);
    case "route disable":
      return ask(routeSubjects.disable, { name }, () => `${name} is off\n`);
    case "route test":
      return ask(routeSubjects.test, trialOf(invocation), (answer) => trialTable(answer as Trial));
    default:
      if (!(await confirmed(invocation, terminal, `Delete route ${name}?`))) return 1;
      return ask(routeSubjects.delete, { name }, () => `${name} deleted\n`);
  }
}

/** The fields of a route that the command line names. */
function given(invocation: Invocation): Readonly<Record<string, string>> {
  const values = fields.flatMap((field) => {
    const value = invocation.value(field);
    return value === undefined ? [] : [[field, value] as const];
  });
  return Object.fromEntries(values);
}

function trialOf(invocation: Invocation): object {
  const last = invocation.value("last");
  if (last !== undefined && !/^\d+$/.test(last)) throw usage(`--last is a number, not '${last}'`);
  const station = invocation.value("station");
  const name = invocation.operands[0];
  return {
    ...(name === undefined ? {} : { name }),
    ...given(invocation),
    ...(station === undefined ? {} : { station }),
    ...(last === undefined ? {} : { last: Number(last) }),
    all: invocation.has("all"),
  };
}

async function overview(routes: readonly RouteView[]): Promise<string> {
  if (routes.length === 0) return "no routes: make one with 'waystation route add'\n";
  return table(
    ["route", "from", "where", "to", "state", "matched", "copied", "lag"],
    routes.map((route) => [route.name, route.from, route.where, route.to, stateOf(route), route.matched, route.copied, lagOf(route)]),
  );
}

function routeSheet(route: RouteView): Promise<string> {
  return sheet([
    ["route", route.name],
    ["description", route.description],
    ["from", route.from],
    ["where", route.where],
    ["to", route.to],
    ["state", stateOf(route)],
    ["owner", route.owner],
    ["matched", route.matched],
    ["copied", route.copied],
    ["a field was missing", route.missing],
    ["could not be told", route.failed],
    ["refused by a target", route.refused],
    ["given up", route.lost],
    ...route.stations.map(
      ({ station, position, lag, retrying }) =>
        [`follows ${station}`, `at ${position}, ${lag} to come, ${retrying} to be tried again`] as const,
    ),
  ]);
}

function stateOf(route: RouteView): string {
  return route.enabled ? "in force" : "off";
}

function lagOf(route: RouteView): number {
  return route.stations.reduce((sum, { lag }) => sum + lag, 0);
}

async function trialTable(trial: Trial): Promise<string> {
  const { examined, matched, missing, failed, messages } = trial;
  const counts = `${matched} of ${examined} match, ${missing} lack a field, ${failed} could not be told or sent\n`;
  if (messages.length === 0) return counts;
  const rows = messages.map(({ station, sequence, subject, verdict, to, why }) => [station, sequence, subject, verdict, to ?? why ?? ""]);
  return `${await table(["station", "sequence", "subject", "verdict", "to, or why not"], rows)}${counts}`;
}
