// Chromium without a window, spoken to in its DevTools protocol: nothing has to be installed for it but Chromium.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'undici';

const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars --remote-debugging-port=0';
const WITHIN_MS = 30_000;

export class Browser {
  #profile = mkdtempSync(join(tmpdir(), 'freshet-chromium-'));
  #pending = new Map();
  #next = 1;

  async start({ width = 1440, height = 900 } = {}) {
    const command = process.env.CHROMIUM ?? '/usr/bin/chromium';
    const child = spawn(command, [...FLAGS.split(' '), `--user-data-dir=${this.#profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child = child;
    const address = await new Promise((done, failed) => {
      child.once('error', failed);
      child.once('exit', () => failed(new Error('Chromium ended early')));
      child.stderr.setEncoding('utf8').on('data', (text) => {
        const [, url] = /DevTools listening on (\S+)/.exec(text) ?? [];
        if (url) done(url);
      });
    });
    this.socket = new WebSocket(address);
    this.socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(data)));
    await new Promise((done, failed) => {
      this.socket.addEventListener('open', done);
      this.socket.addEventListener('error', failed);
    });
    const { targetId } = await this.#ask('Target.createTarget', { url: 'about:blank' });
    this.session = (await this.#ask('Target.attachToTarget', { targetId, flatten: true })).sessionId;
    await this.#ask('Page.enable');
    await this.#ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  }

  /** Opens a page and waits until `text` (a regular expression) stands on it; clicks what begins with each of `click` before, where that is there. */
  async open(url, { text = '.', click = [] } = {}) {
    await this.#ask('Page.navigate', { url });
    await this.#settled();
    for (const label of click) {
      await this.evaluate(`${CLICK}(${JSON.stringify(label)})`);
      await this.#settled();
    }
    await this.#until(`new RegExp(${JSON.stringify(text)}).test(document.body?.innerText ?? '')`, `${text} on ${url}`);
    await this.#settled();
  }

  /** What the page keeps in the browser, for its next opening. */
  async remember(key, value) {
    await this.evaluate(`localStorage.setItem(${JSON.stringify(key)}, ${JSON.stringify(JSON.stringify(value))})`);
  }

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.#ask('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  /** Returns how many bytes the picture has. */
  async shoot(file) {
    const { data } = await this.#ask('Page.captureScreenshot', { format: 'png' });
    const bytes = Buffer.from(data, 'base64');
    writeFileSync(file, bytes);
    return bytes.length;
  }

  async close() {
    this.socket?.close();
    if (this.child !== undefined && this.child.exitCode === null) {
      const over = new Promise((done) => this.child.once('exit', done));
      this.child.kill('SIGTERM');
      await over;
    }
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The page says the same for a second. */
  async #settled() {
    let [before, same] = ['', 0];
    for (let round = 0; round < 100 && same < 4; round++) {
      await new Promise((done) => setTimeout(done, 250));
      const now = await this.evaluate(`document.readyState + (document.body?.innerText ?? '')`).catch(() => '');
      same = now === before && now.length > 50 ? same + 1 : 0;
      before = now;
    }
  }

  async #until(condition, what) {
    const deadline = Date.now() + WITHIN_MS;
    while (!(await this.evaluate(condition).catch(() => false))) {
      if (Date.now() > deadline) throw new Error(`${what} did not come; the page says: ${await this.evaluate('document.body.innerText')}`);
      await new Promise((done) => setTimeout(done, 250));
    }
  }

  #ask(method, params = {}) {
    const id = this.#next++;
    this.socket.send(JSON.stringify({ id, method, params, ...(this.session === undefined ? {} : { sessionId: this.session }) }));
    return new Promise((done, failed) => this.#pending.set(id, { done, failed }));
  }

  #hear({ id, result, error }) {
    const asked = this.#pending.get(id);
    if (asked === undefined) return;
    this.#pending.delete(id);
    if (error) asked.failed(new Error(error.message));
    else asked.done(result);
  }
}

const CLICK = `(label) => {
  const all = [...document.querySelectorAll('button, a, [role=tab], summary')];
  all.find((element) => element.innerText.trim().startsWith(label))?.click();
}`
  .replace(/^/, '(')
  .replace(/$/, ')');
