/** Everything the web port answers by HTTP, put on one router. */
import type { OpenBroker } from "../open.ts";
import { addAdmin } from "./admin.ts";
import { addClientModule } from "./client-module.ts";
import { addConnections } from "./connections.ts";
import { HttpContext } from "./context.ts";
import { addFetch } from "./fetch.ts";
import { addGroups } from "./groups.ts";
import { addHealth } from "./health.ts";
import { addMetrics } from "./metrics.ts";
import { addMonitor } from "./monitor.ts";
import { addOpenApi } from "./openapi.ts";
import { addProduce } from "./produce.ts";
import { addRead } from "./read.ts";
import type { HttpRouter } from "./router.ts";
import { addRoutes } from "./routes.ts";
import { addSchemas } from "./schemas.ts";
import { addStations } from "./stations.ts";
import { addTail } from "./tail.ts";

export function addApi(router: HttpRouter, opened: OpenBroker, version: string): void {
  const context = new HttpContext(opened);
  addHealth(router, opened);
  addStations(router, context);
  addSchemas(router, context);
  addProduce(router, context);
  addRead(router, context);
  addTail(router, context);
  addGroups(router, context);
  addFetch(router, context);
  addRoutes(router, context);
  addConnections(router, context);
  addAdmin(router, context);
  addMetrics(router, context);
  addMonitor(router, opened.monitoring, { kind: "operator" });
  addClientModule(router);
  addOpenApi(router, version);
}
