// Asks a server for flags with the unmodified OpenFeature client for JavaScript servers. On stdin one JSON object:
// {url, header, token, asks: [{type, flag, fallback, context}]}; on stdout what the client says of each.
import { OpenFeature } from "@openfeature/server-sdk";
import { OFREPProvider } from "@openfeature/ofrep-provider";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { url, header, token, asks } = JSON.parse(Buffer.concat(chunks).toString());
await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: url, headers: [[header, token]] }));
const client = OpenFeature.getClient();
const ways = { boolean: "getBooleanDetails", string: "getStringDetails", number: "getNumberDetails", object: "getObjectDetails" };
const told = [];
for (const { type, flag, fallback, context } of asks) told.push(await client[ways[type]](flag, fallback, context));
await OpenFeature.close();
process.stdout.write(JSON.stringify(told));
