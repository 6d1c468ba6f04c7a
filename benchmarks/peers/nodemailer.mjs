// Newsletters through SES as people send them in Node: nodemailer's SES transport, so many letters at once.
// `node nodemailer.mjs LETTERS AT_ONCE LETTER.json` in a folder with node_modules. Prints JSON as loops.py does.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { SESv2Client, SendEmailCommand } = require("@aws-sdk/client-sesv2");
const nodemailer = require("nodemailer");

const [letters, atOnce] = [Number(process.argv[2]), Number(process.argv[3])];
const letter = JSON.parse(readFileSync(process.argv[4], "utf8"));
const sesClient = new SESv2Client({});
const transport = nodemailer.createTransport({ SES: { sesClient, SendEmailCommand } });

const link = (number) => `https://example.org/u/${String(number).padStart(40, "0")}`;
const filled = (text, number) => text.replaceAll("[[link]]", link(number)).replaceAll("[[name]]", `Reader ${number}`);

let next = 0;
async function work() {
  while (next < letters) {
    const number = next++;
    await transport.sendMail({
      from: "The AI Morning Post <post@example.org>",
      to: `reader${number}@example.org`,
      subject: letter.subject,
      text: filled(letter.text, number),
      html: filled(letter.html, number),
      headers: {
        "List-Unsubscribe": { prepared: true, value: `<${link(number)}>` },
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      },
    });
  }
}

const begun = process.hrtime.bigint();
const worked = process.cpuUsage();
await Promise.all(Array.from({ length: atOnce }, work));
const cpu = process.cpuUsage(worked);
console.log(JSON.stringify({ seconds: Number(process.hrtime.bigint() - begun) / 1e9, cpu: (cpu.user + cpu.system) / 1e6 }));
