/**
 * Random histories of one answer, played with the page's own modules against a small model of the
 * server: tabs and devices open, type, send, lose requests and responses, crash, settle conflicts.
 *
 * Returns what a contestant would complain about. `fault` breaks one rule, to show that it matters.
 */
async ({ address, histories, devices, fault }) => {
  const [answers, { reconcile }] = await Promise.all(
    ["answer", "reconcile"].map((name) => import(`${address}/static/js/paper/${name}.js`)),
  );
  const { newAnswer, nextEdit, isUnsent, settle, resolve } = answers;
  const STEPS = 60;
  const copy = (value) => JSON.parse(JSON.stringify(value));

  class Server {
    text = "";
    revision = 0;
    writer = null;
    kept = new Set([""]);
    #ops = new Map();

    take(page, edit) {
      const isWriter = page.id === this.writer;
      if (!this.#ops.has(edit.op)) {
        const isCurrent = isWriter && edit.based_on === this.revision;
        if (isCurrent) Object.assign(this, { text: edit.text, revision: this.revision + 1 });
        const outcome = { state: isCurrent ? "current" : "conflict", revision: isCurrent ? this.revision : null };
        this.#ops.set(edit.op, outcome);
        this.kept.add(edit.text);
      }
      const result = { op: edit.op, ...this.#ops.get(edit.op), head: this.revision };
      if (result.state === "conflict") result.head_text = this.text;
      return { result, isWriter };
    }
  }

  class History {
    server = new Server();
    journals = Array.from({ length: devices }, () => new Map());
    pages = [];
    typed = new Map(); // the last text typed on each page
    replaced = new Set(); // texts somebody saw in the field and typed over
    #clock = 0;

    constructor(seed) {
      this.seed = seed;
    }

    random() {
      this.seed = (this.seed * 1103515245 + 12345) & 0x7fffffff;
      return this.seed / 0x7fffffff;
    }

    pick(list) {
      return list[Math.floor(this.random() * list.length)];
    }

    get alive() {
      return this.pages.filter(({ isAlive }) => isAlive);
    }

    open(device) {
      const journal = this.journals[device];
      const id = this.pages.length + 1;
      this.server.writer = id;
      const records = [...journal.values()].sort((one, other) => other.at - one.at);
      const served = newAnswer(1, this.server.text, this.server.revision);
      const copies = fault === "no journal" ? [] : records.map((record) => copy(record.answer));
      const { answer } = reconcile(served, copies);
      for (const other of this.alive) if (other.device === device) other.isOtherTab = true;
      journal.clear();
      const page = { id, device, answer, isAlive: true, isOtherTab: false, isWriter: true };
      this.pages.push(page);
      this.write(page);
      return page;
    }

    write(page) {
      if (page.isOtherTab) return;
      this.journals[page.device].set(page.id, { at: ++this.#clock, answer: copy(page.answer) });
    }

    type(page) {
      this.replaced.add(page.answer.text);
      page.answer.text = this.random() < 0.1 ? "" : `text ${this.#clock}`;
      this.typed.set(page.id, page.answer.text);
      this.write(page);
    }

    send(page, fate = "arrives") {
      const edit = nextEdit(page.answer);
      this.write(page);
      if (!edit || fate === "request lost") return;
      const { result, isWriter } = this.server.take(page, copy(edit));
      if (fate === "response lost") {
        if (fault === "new op") page.answer.queue = [];
        return;
      }
      page.isWriter = isWriter;
      settle(page.answer, result, isWriter);
      this.write(page);
    }

    settleConflict(page) {
      resolve(page.answer, this.pick(["mine", "theirs"]));
      this.write(page);
    }

    step() {
      const chance = this.random();
      const page = this.pick(this.alive);
      const canWrite = page && !page.isOtherTab && page.isWriter;
      if (!page || chance > 0.92) this.open(Math.floor(this.random() * devices));
      else if (chance < 0.35 && canWrite) this.type(page);
      else if (chance < 0.78) this.send(page, this.pick(["arrives", "arrives", "request lost", "response lost"]));
      else if (chance < 0.85) page.isAlive = false;
      else if (page.answer.conflict && canWrite) this.settleConflict(page);
    }

    /** The network is back; then every device is opened once more. */
    comeToRest() {
      const sendAll = () => {
        for (let round = 0; round < 15; round += 1) for (const page of this.alive) this.send(page);
      };
      sendAll();
      for (const page of this.pages) page.isAlive = false;
      let last = null;
      for (let device = 0; device < devices; device += 1) {
        last = this.open(device);
        sendAll();
      }
      return last;
    }

    play() {
      this.open(0);
      for (let step = 0; step < STEPS; step += 1) this.step();
      const { answer } = this.comeToRest();
      const lost = [...this.typed.values()].filter((text) => !this.server.kept.has(text) && !this.replaced.has(text));
      const isUntrue = !answer.conflict && answer.text !== this.server.text;
      return { lost: lost.length, isUnsent: isUnsent(answer), isUntrue, isConflict: Boolean(answer.conflict) };
    }
  }

  const sum = { lost: 0, unsent: 0, untrue: 0, conflicts: 0 };
  for (let seed = 1; seed <= histories; seed += 1) {
    const outcome = new History(seed).play();
    sum.lost += outcome.lost;
    sum.unsent += outcome.isUnsent;
    sum.untrue += outcome.isUntrue;
    sum.conflicts += outcome.isConflict;
  }
  return sum;
}
