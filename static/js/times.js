/** Beside each time in the exam's zone, the same moment on this device where its clock reads differently. */
const format = (moment, timeZone) =>
  new Intl.DateTimeFormat("en-GB", { weekday: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone })
    .formatToParts(moment)
    .reduce((parts, { type, value }) => ({ ...parts, [type]: value }), {});

for (const element of document.querySelectorAll("time[data-zone]")) {
  const moment = new Date(element.dateTime);
  const there = format(moment, element.dataset.zone);
  const here = format(moment);
  const clock = `${here.hour}:${here.minute}`;
  const day = here.weekday === there.weekday ? "" : `${here.weekday} `;
  if (day || clock !== `${there.hour}:${there.minute}`) element.after(` (${day}${clock} on this device)`);
}
