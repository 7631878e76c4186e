/** A real Chromium for the specs: the system's where there is one, else the one that comes as a package. */
import { existsSync } from "node:fs";
import type { Browser } from "puppeteer-core";

const systemChromium = "/usr/bin/chromium";

/** Undefined, with the reason told, when no browser can be started here. */
export async function launchChromium(tell: (reason: string) => void): Promise<Browser | undefined> {
  try {
    const { default: puppeteer } = await import("puppeteer-core");
    const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions"];
    if (existsSync(systemChromium)) return await puppeteer.launch({ executablePath: systemChromium, headless: true, args });
    const { default: chromium } = await import("@sparticuz/chromium");
    const executablePath = await chromium.executablePath();
    return await puppeteer.launch({ executablePath, headless: "shell", args: [...chromium.args, ...args] });
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
